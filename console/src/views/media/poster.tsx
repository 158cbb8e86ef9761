import { IconMovie, IconMusic, IconPhoto } from "@tabler/icons-react";
import { useState } from "react";
import classes from "./library.module.css";

const ICONS = { Audio: IconMusic, Image: IconPhoto } as const;

/** A file's cover, or an icon of its category. It is decorative: the name is beside it. */
export function Poster({ url, category }: { readonly url: string; readonly category: string }) {
  const [broken, setBroken] = useState("");
  const Icon = ICONS[category as keyof typeof ICONS] ?? IconMovie;
  return (
    <span className={classes.poster}>
      {url && broken !== url ? (
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setBroken(url)} />
      ) : (
        <Icon size={22} aria-hidden />
      )}
    </span>
  );
}
