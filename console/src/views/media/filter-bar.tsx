import { CloseButton, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useWords } from "../../language";
import { changeQuery } from "../../router";
import { useClasses } from "./classes";
import styles from "./library.module.css";
import { CATEGORIES, type Filters, REVIEWS, STATUSES } from "./search";
import { words } from "./words";

const PAUSE_MILLISECONDS = 250;

export function FilterBar({ filters }: { readonly filters: Filters }) {
  const t = useWords(words);
  const classes = useClasses();
  const reviewWord = {
    pass: t.pass,
    review: t.reviewWanted,
    block: t.block,
    notModerated: t.notModerated,
  };
  return (
    <search>
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" mb="md">
        <SearchField text={filters.text} />
        <Filter label={t.class} name="class" value={filters.classId} data={classes} />
        <Filter
          label={t.type}
          name="type"
          value={filters.type}
          data={CATEGORIES.map((value) => ({ value, label: t[value] }))}
        />
        <Filter
          label={t.status}
          name="status"
          value={filters.status}
          data={STATUSES.map((value) => ({ value, label: t[value] }))}
        />
        <Filter
          label={t.review}
          name="review"
          value={filters.review}
          data={REVIEWS.map((value) => ({ value, label: reviewWord[value] }))}
        />
      </SimpleGrid>
    </search>
  );
}

function SearchField({ text }: { readonly text: string }) {
  const t = useWords(words);
  const [typed, setTyped] = useState(text);
  const search = useDebouncedCallback((value: string) => changeQuery({ text: value.trim() }), PAUSE_MILLISECONDS);
  // The back button and “Clear filters” change the address too.
  useEffect(() => setTyped((now) => (now.trim() === text ? now : text)), [text]);
  const change = (value: string) => {
    setTyped(value);
    search(value);
  };
  return (
    <TextInput
      className={styles.search ?? ""}
      label={t.search}
      placeholder={t.searchHelp}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={typed && <CloseButton size="sm" aria-label={t.clear} onClick={() => change("")} />}
      value={typed}
      onChange={(event) => change(event.currentTarget.value)}
      maxLength={64}
    />
  );
}

interface FilterProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly data: readonly { readonly value: string; readonly label: string }[];
}

function Filter({ label, name, value, data }: FilterProps) {
  const t = useWords(words);
  const all = [{ value: "", label: t.any }, ...data];
  return (
    <Select
      label={label}
      data={all}
      value={all.some((each) => each.value === value) ? value : ""}
      onChange={(chosen) => changeQuery({ [name]: chosen ?? "" })}
      allowDeselect={false}
      searchable={data.length > 10}
    />
  );
}
