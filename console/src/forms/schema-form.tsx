/** Fields for whatever a JSON schema describes. */
import {
  Box,
  Button,
  Checkbox,
  Fieldset,
  Group,
  NativeSelect,
  NumberInput,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { createContext, type ReactNode, useContext } from "react";
import { useWords } from "../language";
import { emptyOf, type Field, type Json, type JsonObject, type Wrong } from "./schema";
import { labels, spaced, words } from "./words";

/** One member of what is edited. */
export interface Place {
  readonly name: string;
  readonly path: string;
  readonly field: Field;
  readonly value: Json | undefined;
  readonly change: (value: Json | undefined) => void;
}

interface Surroundings {
  /** Draws a place in another way; undefined: as its schema says, null: not at all. */
  readonly draw: (place: Place) => ReactNode | undefined;
  readonly wrong: ReadonlyMap<string, string>;
}

const Around = createContext<Surroundings>({ draw: () => undefined, wrong: new Map() });

interface Props {
  readonly field: Field;
  readonly value: Json;
  readonly change: (value: Json) => void;
  readonly wrong: ReadonlyMap<string, string>;
  readonly draw?: (place: Place) => ReactNode | undefined;
}

const asTheSchemaSays = () => undefined;

export function SchemaForm({ field, value, change, wrong, draw = asTheSchemaSays }: Props) {
  return (
    <Around value={{ draw, wrong }}>
      <Members field={field} path="" value={(value ?? {}) as JsonObject} change={change} />
    </Around>
  );
}

interface MembersProps {
  readonly field: Field;
  readonly path: string;
  readonly value: JsonObject;
  readonly change: (value: JsonObject) => void;
}

/** What holds others stands below what is a single line. */
function Members({ field, path, value, change }: MembersProps) {
  if (field.kind !== "object") return null;
  const places = Object.entries(field.members).map(
    ([name, each]): Place => ({
      name,
      path: path ? `${path}.${name}` : name,
      field: each,
      value: value[name],
      change: (told) => change(replaced(value, name, told)),
    }),
  );
  const single = places.filter((place) => !isWide(place.field));
  const wide = places.filter((place) => isWide(place.field));
  return (
    <Stack gap="sm">
      {single.length > 0 && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
          {single.map((place) => (
            <At key={place.name} {...place} />
          ))}
        </SimpleGrid>
      )}
      {wide.map((place) => (
        <At key={place.name} {...place} />
      ))}
    </Stack>
  );
}

function replaced(value: JsonObject, name: string, told: Json | undefined): JsonObject {
  const { [name]: _, ...others } = value;
  return told === undefined ? others : { ...value, [name]: told };
}

function isWide(field: Field): boolean {
  return field.kind === "object" || field.kind === "list";
}

function At(place: Place) {
  const drawn = useContext(Around).draw(place);
  return drawn === undefined ? <Usual {...place} /> : drawn;
}

function useLine(place: Place) {
  const label = useWords(labels)[place.name as keyof typeof labels.en] ?? spaced(place.name);
  const error = useContext(Around).wrong.get(place.path);
  return { label, error, name: place.path, "data-path": place.path, withAsterisk: place.field.required };
}

function Usual(place: Place) {
  switch (place.field.kind) {
    case "object":
      return <Part {...place} field={place.field} />;
    case "list":
      return <Row {...place} field={place.field} />;
    case "choice":
      return <Choice {...place} field={place.field} />;
    case "choices":
      return <Choices {...place} field={place.field} />;
    case "switch":
      return <OnOff {...place} field={place.field} />;
    case "number":
      return <Figure {...place} field={place.field} />;
    case "text":
      return <Line {...place} />;
    default:
      // Values of any form are kept as they are; no line could be right for all of them.
      return null;
  }
}

type Of<K extends Field["kind"]> = Place & { readonly field: Extract<Field, { kind: K }> };

function Part(place: Of<"object">) {
  const line = useLine(place);
  const { used } = useWords(words);
  const optional = place.field.nullable || (!place.field.required && place.field.initial === undefined);
  const there = place.value !== null && place.value !== undefined;
  return (
    <Fieldset legend={line.label} p="sm" miw={0}>
      <Stack gap="sm">
        {optional && (
          <Switch
            label={used}
            aria-label={`${used}: ${line.label}`}
            checked={there}
            onChange={(event) => place.change(event.currentTarget.checked ? emptyOf(place.field) : null)}
          />
        )}
        {(there || !optional) && (
          <Members
            field={place.field}
            path={place.path}
            value={(place.value ?? emptyOf(place.field)) as JsonObject}
            change={place.change}
          />
        )}
      </Stack>
    </Fieldset>
  );
}

function Row(place: Of<"list">) {
  const line = useLine(place);
  const items = (place.value ?? []) as Json[];
  // Most lists stay empty: then the button alone is enough.
  if (items.length === 0) return <AddItem place={place} />;
  return (
    <Fieldset legend={line.label} p="sm" miw={0}>
      <Stack gap="sm">
        {items.map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what is listed has no other identity than its place
          <Listed key={index} place={place} items={items} index={index} />
        ))}
        <AddItem place={place} />
      </Stack>
    </Fieldset>
  );
}

function AddItem({ place }: { readonly place: Of<"list"> }) {
  const { label, error } = useLine(place);
  const said = useWords(words);
  const items = (place.value ?? []) as Json[];
  const { of, most } = place.field;
  if (items.length >= most) return null;
  return (
    <Stack gap={4}>
      <Button
        variant="light"
        size="xs"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => place.change([...items, emptyOf(of)])}
        h="auto"
        mih={30}
        style={{ alignSelf: "flex-start" }}
        styles={{ label: { whiteSpace: "normal" } }}
      >
        {said.addItem(label)}
      </Button>
      {error && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {error}
        </Text>
      )}
    </Stack>
  );
}

interface ListedProps {
  readonly place: Of<"list">;
  readonly items: readonly Json[];
  readonly index: number;
}

function Listed({ place, items, index }: ListedProps) {
  const { label } = useLine(place);
  const said = useWords(words);
  const { of, least } = place.field;
  const item: Place = {
    name: place.name,
    path: `${place.path}.${index}`,
    field: of,
    value: items[index],
    change: (told) => place.change(items.map((each, other) => (other === index ? (told ?? null) : each))),
  };
  const remove = items.length > least && (
    <Button
      variant="subtle"
      color="red"
      px="xs"
      aria-label={said.removeItem(label, index + 1)}
      onClick={() => place.change(items.filter((_, other) => other !== index))}
    >
      <IconTrash size={18} aria-hidden />
    </Button>
  );
  return <Item place={item} number={index + 1} remove={remove} />;
}

interface ItemProps {
  readonly place: Place;
  readonly number: number;
  readonly remove: ReactNode;
}

/** What is a line has its button beside it; what is more has it below, which leaves phones their width. */
function Item({ place, number, remove }: ItemProps) {
  if (place.field.kind !== "object") {
    return (
      <Group align="flex-end" wrap="nowrap" gap="xs">
        <Box flex={1} miw={0}>
          <At {...place} />
        </Box>
        {remove}
      </Group>
    );
  }
  return (
    <Fieldset legend={`${number}`} p="sm" miw={0}>
      <Members
        field={place.field}
        path={place.path}
        value={(place.value ?? {}) as JsonObject}
        change={place.change as (value: JsonObject) => void}
      />
      <Group justify="flex-end">{remove}</Group>
    </Fieldset>
  );
}

function Choice(place: Of<"choice">) {
  const said = useWords(words);
  const { values, required } = place.field;
  const data = values.map((each) => ({ value: String(each), label: each === "" ? said.automatic : String(each) }));
  const given = place.value ?? place.field.initial;
  const unset = given === undefined || given === null;
  return (
    <NativeSelect
      {...useLine(place)}
      data={unset && !required ? [{ value: "", label: said.automatic }, ...data] : data}
      value={unset ? "" : String(given)}
      onChange={(event) => place.change(values.find((each) => String(each) === event.currentTarget.value))}
    />
  );
}

function Choices(place: Of<"choices">) {
  const { label, error, withAsterisk } = useLine(place);
  return (
    <Checkbox.Group
      label={label}
      error={error}
      withAsterisk={withAsterisk}
      value={(place.value ?? []) as string[]}
      onChange={place.change}
    >
      <Group gap="md" mt={6}>
        {place.field.values.map((each) => (
          <Checkbox key={each} value={each} label={each} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

function OnOff(place: Of<"switch">) {
  const { label, error } = useLine(place);
  const { on, off, initial } = place.field;
  return (
    <Switch
      mt={{ base: 0, sm: 30 }}
      label={label}
      error={error}
      data-path={place.path}
      checked={(place.value ?? initial) === on}
      onChange={(event) => place.change(event.currentTarget.checked ? on : off)}
    />
  );
}

function Figure(place: Of<"number">) {
  const { whole, nullable, most } = place.field;
  const said = useWords(words);
  return (
    <NumberInput
      {...useLine(place)}
      value={typeof place.value === "number" || typeof place.value === "string" ? place.value : ""}
      allowDecimal={!whole}
      placeholder={nullable ? said.automatic : undefined}
      // What is wrong is said beside the field: numbers that change while one types are worse.
      clampBehavior="none"
      step={most === 1 ? 0.1 : 1}
      onChange={(told) => place.change(told === "" && nullable ? null : told)}
    />
  );
}

function Line(place: Place) {
  return (
    <TextInput
      {...useLine(place)}
      value={typeof place.value === "string" ? place.value : ""}
      onChange={(event) => place.change(event.currentTarget.value)}
    />
  );
}

/** Return what is wrong, in words, by path. */
export function useWrongWords(): (found: readonly Wrong[]) => ReadonlyMap<string, string> {
  const said = useWords(words);
  return (found) => new Map(found.map((each) => [each.path, said[each.what](each.limit)]));
}
