import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconUserCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useLanguage, useWords } from "../language";
import { shell } from "../words";
import classes from "./layout.module.css";

const SCHEMES = [
  ["auto", "system"],
  ["light", "light"],
  ["dark", "dark"],
] as const;
const LANGUAGES = [
  ["en", "english"],
  ["zh", "chinese"],
] as const;

/** The menu of language and appearance; who is signed in has more in it. */
export function Preferences({ name, children }: { readonly name?: string; readonly children?: ReactNode }) {
  const words = useWords(shell);
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.button ?? ""} aria-label={words.preferences}>
          <IconUserCircle aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {name && <Menu.Label>{words.signedInAs(name)}</Menu.Label>}
        {children}
        <Menu.Label>{words.language}</Menu.Label>
        {LANGUAGES.map(([key, word]) => (
          <Choice key={key} chosen={key === language} choose={() => choose(key)}>
            {words[word]}
          </Choice>
        ))}
        <Menu.Label>{words.theme}</Menu.Label>
        {SCHEMES.map(([key, word]) => (
          <Choice key={key} chosen={key === colorScheme} choose={() => setColorScheme(key)}>
            {words[word]}
          </Choice>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ChoiceProps {
  readonly chosen: boolean;
  readonly choose: () => void;
  readonly children: ReactNode;
}

function Choice({ chosen, choose, children }: ChoiceProps) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={chosen}
      onClick={choose}
      rightSection={chosen && <IconCheck size={16} aria-hidden />}
    >
      {children}
    </Menu.Item>
  );
}
