/** Form fields generated from a JSON schema. */
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
import { emptyOf, type Field, type FieldError, type Json, type JsonObject } from "./schema";
import { labels, spaced, words } from "./words";

/** A field with its path in the edited value. */
export interface Place {
  readonly name: string;
  readonly path: string;
  readonly field: Field;
  readonly value: Json | undefined;
  readonly change: (value: Json | undefined) => void;
}

interface FormState {
  /** Renders a field differently; undefined: by its schema, null: not at all. */
  readonly renderField: (place: Place) => ReactNode | undefined;
  readonly errors: ReadonlyMap<string, string>;
}

const FormContext = createContext<FormState>({ renderField: () => undefined, errors: new Map() });

interface Props {
  readonly field: Field;
  readonly value: Json;
  readonly change: (value: Json) => void;
  readonly errors: ReadonlyMap<string, string>;
  readonly renderField?: (place: Place) => ReactNode | undefined;
}

const byTheSchema = () => undefined;

export function SchemaForm({ field, value, change, errors, renderField = byTheSchema }: Props) {
  return (
    <FormContext value={{ renderField, errors }}>
      <Members field={field} path="" value={(value ?? {}) as JsonObject} change={change} />
    </FormContext>
  );
}

interface MembersProps {
  readonly field: Field;
  readonly path: string;
  readonly value: JsonObject;
  readonly change: (value: JsonObject) => void;
}

/** Fields of one line come first, objects and lists below. */
function Members({ field, path, value, change }: MembersProps) {
  if (field.kind !== "object") return null;
  const places = Object.entries(field.members).map(
    ([name, each]): Place => ({
      name,
      path: path ? `${path}.${name}` : name,
      field: each,
      value: value[name],
      change: (next) => change(replaced(value, name, next)),
    }),
  );
  const single = places.filter((place) => !isWide(place.field));
  const wide = places.filter((place) => isWide(place.field));
  return (
    <Stack gap="sm">
      {single.length > 0 && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
          {single.map((place) => (
            <FieldAt key={place.name} {...place} />
          ))}
        </SimpleGrid>
      )}
      {wide.map((place) => (
        <FieldAt key={place.name} {...place} />
      ))}
    </Stack>
  );
}

function replaced(value: JsonObject, name: string, next: Json | undefined): JsonObject {
  const { [name]: _, ...others } = value;
  return next === undefined ? others : { ...value, [name]: next };
}

function isWide(field: Field): boolean {
  return field.kind === "object" || field.kind === "list";
}

function FieldAt(place: Place) {
  const rendered = useContext(FormContext).renderField(place);
  return rendered === undefined ? <DefaultField {...place} /> : rendered;
}

function useFieldProps(place: Place) {
  const label = useWords(labels)[place.name as keyof typeof labels.en] ?? spaced(place.name);
  const error = useContext(FormContext).errors.get(place.path);
  return { label, error, name: place.path, "data-path": place.path, withAsterisk: place.field.required };
}

function DefaultField(place: Place) {
  switch (place.field.kind) {
    case "object":
      return <ObjectField {...place} field={place.field} />;
    case "list":
      return <ListField {...place} field={place.field} />;
    case "choice":
      return <ChoiceField {...place} field={place.field} />;
    case "choices":
      return <ChoicesField {...place} field={place.field} />;
    case "switch":
      return <SwitchField {...place} field={place.field} />;
    case "number":
      return <NumberField {...place} field={place.field} />;
    case "text":
      return <TextField {...place} />;
    default:
      // A value of any type has no suitable field: keep it unchanged.
      return null;
  }
}

type Of<K extends Field["kind"]> = Place & { readonly field: Extract<Field, { kind: K }> };

function ObjectField(place: Of<"object">) {
  const line = useFieldProps(place);
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

function ListField(place: Of<"list">) {
  const line = useFieldProps(place);
  const items = (place.value ?? []) as Json[];
  // Most lists are empty: show only the button for those.
  if (items.length === 0) return <AddItem place={place} />;
  return (
    <Fieldset legend={line.label} p="sm" miw={0}>
      <Stack gap="sm">
        {items.map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity but their index
          <ListItem key={index} place={place} items={items} index={index} />
        ))}
        <AddItem place={place} />
      </Stack>
    </Fieldset>
  );
}

function AddItem({ place }: { readonly place: Of<"list"> }) {
  const { label, error } = useFieldProps(place);
  const t = useWords(words);
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
        {t.addItem(label)}
      </Button>
      {error && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {error}
        </Text>
      )}
    </Stack>
  );
}

interface ListItemProps {
  readonly place: Of<"list">;
  readonly items: readonly Json[];
  readonly index: number;
}

function ListItem({ place, items, index }: ListItemProps) {
  const { label } = useFieldProps(place);
  const t = useWords(words);
  const { of, least } = place.field;
  const item: Place = {
    name: place.name,
    path: `${place.path}.${index}`,
    field: of,
    value: items[index],
    change: (next) => place.change(items.map((each, other) => (other === index ? (next ?? null) : each))),
  };
  const remove = items.length > least && (
    <Button
      variant="subtle"
      color="red"
      px="xs"
      aria-label={t.removeItem(label, index + 1)}
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

/** The button is beside a one-line field, and below an object, to keep the full width on phones. */
function Item({ place, number, remove }: ItemProps) {
  if (place.field.kind !== "object") {
    return (
      <Group align="flex-end" wrap="nowrap" gap="xs">
        <Box flex={1} miw={0}>
          <FieldAt {...place} />
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

function ChoiceField(place: Of<"choice">) {
  const t = useWords(words);
  const { values, required } = place.field;
  const data = values.map((each) => ({ value: String(each), label: each === "" ? t.automatic : String(each) }));
  const given = place.value ?? place.field.initial;
  const unset = given === undefined || given === null;
  return (
    <NativeSelect
      {...useFieldProps(place)}
      data={unset && !required ? [{ value: "", label: t.automatic }, ...data] : data}
      value={unset ? "" : String(given)}
      onChange={(event) => place.change(values.find((each) => String(each) === event.currentTarget.value))}
    />
  );
}

function ChoicesField(place: Of<"choices">) {
  const { label, error, withAsterisk } = useFieldProps(place);
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

function SwitchField(place: Of<"switch">) {
  const { label, error } = useFieldProps(place);
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

function NumberField(place: Of<"number">) {
  const { whole, nullable, most } = place.field;
  const t = useWords(words);
  return (
    <NumberInput
      {...useFieldProps(place)}
      value={typeof place.value === "number" || typeof place.value === "string" ? place.value : ""}
      allowDecimal={!whole}
      placeholder={nullable ? t.automatic : undefined}
      // The error is shown beside the field; clamping would change the number during typing.
      clampBehavior="none"
      step={most === 1 ? 0.1 : 1}
      onChange={(next) => place.change(next === "" && nullable ? null : next)}
    />
  );
}

function TextField(place: Place) {
  return (
    <TextInput
      {...useFieldProps(place)}
      value={typeof place.value === "string" ? place.value : ""}
      onChange={(event) => place.change(event.currentTarget.value)}
    />
  );
}

/** Return messages for the errors, by path. */
export function useErrorMessages(): (found: readonly FieldError[]) => ReadonlyMap<string, string> {
  const t = useWords(words);
  return (found) => new Map(found.map((each) => [each.path, t[each.what](each.limit)]));
}
