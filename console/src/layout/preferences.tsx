import { type MantineColorScheme, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconUserCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type Language, useLanguage, useWords } from "../language";
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

/** The menu of language and appearance; `children` adds the account's entries. */
export function Preferences({ name, children }: { readonly name?: string; readonly children?: ReactNode }) {
  const t = useWords(shell);
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.button ?? ""} aria-label={t.preferences}>
          <IconUserCircle aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {name && <Menu.Label>{t.signedInAs(name)}</Menu.Label>}
        {children}
        <Menu.Label>{t.language}</Menu.Label>
        <Menu.RadioGroup value={language} onChange={(chosen) => choose(chosen as Language)}>
          {LANGUAGES.map(([key, word]) => (
            <Menu.RadioItem key={key} value={key}>
              {t[word]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{t.theme}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(chosen) => setColorScheme(chosen as MantineColorScheme)}>
          {SCHEMES.map(([key, word]) => (
            <Menu.RadioItem key={key} value={key}>
              {t[word]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
