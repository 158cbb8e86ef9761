import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../components/failure";
import { useWords } from "../../language";
import { signedIn } from "../../session";
import { Frame } from "./frame";
import { words } from "./words";

export function SignIn() {
  const t = useWords(words);
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const enter = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/session", { body: { name, password } })),
    onSuccess: (me) => signedIn(queries, me),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  const wrong = enter.error instanceof Problem && enter.error.status === 401;
  return (
    <Frame title={t.signIn} help={t.signInHelp}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t.name}
            autoComplete="username"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            data-autofocus
          />
          <PasswordInput
            label={t.password}
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
            withAsterisk={false}
          />
          {wrong && (
            <Alert color="red" title={t.wrong} role="alert">
              {t.wrongHelp}
            </Alert>
          )}
          {enter.error && !wrong && <Failure problem={enter.error} />}
          <Button type="submit" loading={enter.isPending}>
            {t.signIn}
          </Button>
        </Stack>
      </form>
    </Frame>
  );
}
