import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../components/failure";
import { Loading } from "../../components/states";
import { useWords } from "../../language";
import { navigate } from "../../router";
import { signedIn } from "../../session";
import { Frame } from "./frame";
import { words } from "./words";

const SHORTEST = 12;

export function Invite({ token }: { readonly token: string }) {
  const t = useWords(words);
  const result = useQuery({
    queryKey: ["invite", token],
    queryFn: () => unwrap(api.POST("/api/v1/invites/look", { body: { token } })),
  });
  if (result.isPending) return <Loading tall />;
  if (result.error instanceof Problem && result.error.status > 0 && result.error.status < 500) {
    return (
      <Frame title={t.invalid} help={t.invalidHelp}>
        <Anchor href="#/">{t.toSignIn}</Anchor>
      </Frame>
    );
  }
  if (result.error) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return <Choose token={token} invited={result.data} />;
}

interface Props {
  readonly token: string;
  readonly invited: Schemas["InviteState"];
}

function Choose({ token, invited }: Props) {
  const t = useWords(words);
  const queries = useQueryClient();
  const [form, setForm] = useState({ name: invited.name, password: "", again: "" });
  const [tried, setTried] = useState(false);
  const accept = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/invites/accept", {
          body: { token, name: invited.name ? "" : form.name, password: form.password },
        }),
      ),
    onSuccess: (me) => {
      signedIn(queries, me);
      // The link is used up: replace it, so that “back” does not return to it.
      navigate("/", {}, { replace: true });
    },
  });
  const errors = {
    name: form.name.trim() ? null : t.nameMissing,
    password: form.password.length >= SHORTEST ? null : t.short,
    again: form.again === form.password ? null : t.differ,
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!errors.name && !errors.password && !errors.again) accept.mutate();
  };
  const field = (name: keyof typeof form) => ({
    value: form[name],
    error: tried && errors[name],
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
  });
  const help = invited.name ? t.oldUser(invited.name) : t.newUser(t[invited.role]);
  return (
    <Frame title={t.welcome} help={help}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {!invited.name && (
            <TextInput label={t.name} description={t.nameHelp} autoComplete="username" {...field("name")} />
          )}
          <PasswordInput
            label={t.password}
            description={t.passwordHelp}
            autoComplete="new-password"
            {...field("password")}
          />
          <PasswordInput label={t.again} autoComplete="new-password" {...field("again")} />
          {accept.error && <Failure problem={accept.error} />}
          <Button type="submit" loading={accept.isPending}>
            {t.begin}
          </Button>
        </Stack>
      </form>
    </Frame>
  );
}
