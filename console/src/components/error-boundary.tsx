import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useWords } from "../language";
import { shell } from "../words";

interface Props {
  /** Identifies the page; a new value clears the error. */
  readonly place: string;
  readonly children: ReactNode;
}

/** Contains an exception of a view, so that the navigation stays usable. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.place !== this.props.place && this.state.error) this.setState({ error: null });
  }

  override render() {
    return this.state.error ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { readonly error: unknown }) {
  const t = useWords(shell);
  return (
    <Alert color="red" title={t.broken} role="alert">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">{t.brokenHelp}</Text>
        <Code>{String(error)}</Code>
        <Button size="xs" variant="default" onClick={() => location.reload()}>
          {t.reload}
        </Button>
      </Stack>
    </Alert>
  );
}
