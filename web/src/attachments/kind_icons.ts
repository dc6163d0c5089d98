// The drawing of a kind of file. Its name and its words say the same.

import File from "@lucide/svelte/icons/file";
import FileArchive from "@lucide/svelte/icons/file-archive";
import FileExclamationPoint from "@lucide/svelte/icons/file-exclamation-point";
import FileText from "@lucide/svelte/icons/file-text";
import FileX from "@lucide/svelte/icons/file-x";
import Film from "@lucide/svelte/icons/film";
import Image from "@lucide/svelte/icons/image";
import Music from "@lucide/svelte/icons/music";
import Table from "@lucide/svelte/icons/table-2";
import type { Component } from "svelte";

import { type Kind, kindOf } from "./kinds.ts";

const ICONS: Readonly<Record<Kind, Component>> = {
  picture: Image,
  film: Film,
  sound: Music,
  pdf: FileText,
  text: FileText,
  table: Table,
  document: FileText,
  slides: FileText,
  packed: FileArchive,
  program: FileExclamationPoint,
  macros: FileExclamationPoint,
  "web-page": FileExclamationPoint,
  other: File,
};

export function iconOf(name: string): Component {
  return ICONS[kindOf(name)];
}

/** Of one that is not what its sender sent. */
export const BROKEN: Component = FileX;
