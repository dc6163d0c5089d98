// The files that somebody drops or pastes: folders are walked, in the order of their names.

/** Entries that a folder is walked for: a letter takes a hundred, and nobody waits for a whole disk. */
const MOST_ENTRIES = 2_000;

export interface Dropped {
  files: File[];
  /** What could not be read. */
  unreadable: string[];
}

export function carriesFiles(data: DataTransfer | null): data is DataTransfer {
  return data?.types.includes("Files") ?? false;
}

/** Call it while the event is handled: afterwards the browser has let go of what was dropped. */
export function droppedFiles(data: DataTransfer): Promise<Dropped> {
  const entries = [...data.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return walked(entries.filter((entry) => entry !== null));
}

/** Files that were copied. Words that were copied with a picture of themselves are words. */
export function pastedFiles(data: DataTransfer | null): File[] {
  if (!data || data.types.includes("text/plain")) return [];
  return [...data.files];
}

async function walked(entries: (FileSystemEntry | File)[]): Promise<Dropped> {
  const found: Dropped = { files: [], unreadable: [] };
  const ahead = [...entries];
  for (let seen = 0; seen < MOST_ENTRIES; seen++) {
    const entry = ahead.shift();
    if (!entry) break;
    if (entry instanceof File) {
      found.files.push(entry);
      continue;
    }
    try {
      if (isFolder(entry)) ahead.unshift(...(await childrenOf(entry)));
      else found.files.push(await fileOf(entry as FileSystemFileEntry));
    } catch {
      found.unreadable.push(entry.name);
    }
  }
  return found;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Browsers give them a hundred at a time, until none is left. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  while (children.length < MOST_ENTRIES) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  return children.sort((one, other) => one.name.localeCompare(other.name));
}
