// One turn of template.json with its default options; fill in the message where your program has it.
import { readFile } from "node:fs/promises";
import { RivyaClient, type TurnRequest } from "./rivya.js";

const manifest = JSON.parse(await readFile("manifest.json", "utf8"));
const { version } = JSON.parse(await readFile("template.json", "utf8"));
const rivya = new RivyaClient({
  apiKey: process.env.RIVYA_API_KEY ?? "",
  baseUrl: process.env.RIVYA_BASE_URL ?? manifest.base_url,
});

export async function run(message: string, idempotencyKey: string): Promise<string> {
  const options: Record<string, string> = { ...version.fixed_params };
  for (const one of version.exposed_params) {
    if (one.default !== null) options[one.key] = one.default;
  }
  const body: TurnRequest = { model: version.model, message };
  for (const [name, value] of Object.entries(options)) {
    body[name] = name === "reasoning_effort" ? value : value === "true";
  }
  for (const slot of version.file_slots) {
    const file = manifest.files[slot.name];
    if (!file) continue;
    const bytes = new Blob([await readFile(file.path)]);
    const made = await rivya.files.upload(bytes, file.path, slot.kind, version.model);
    (body.attachments ??= []).push({ file_id: made.id });
  }
  return (await rivya.chat.completions.create(body, { idempotencyKey })).message.content;
}
