// One job of template.json with its defaults; fill in the prompt's inputs where your program has them.
import { readFile } from "node:fs/promises";
import { RivyaClient, type GenerationRequest } from "./rivya.js";

const manifest = JSON.parse(await readFile("manifest.json", "utf8"));
const { version } = JSON.parse(await readFile("template.json", "utf8"));
const rivya = new RivyaClient({
  apiKey: process.env.RIVYA_API_KEY ?? "",
  baseUrl: process.env.RIVYA_BASE_URL ?? manifest.base_url,
});

export async function run(prompt: string, idempotencyKey: string): Promise<string[]> {
  const params: Record<string, unknown> = { ...version.fixed_params };
  for (const one of version.exposed_params) {
    if (one.default !== null) params[one.key] = one.default;
  }
  const items = [];
  for (const slot of version.file_slots) {
    const file = manifest.files[slot.name];
    if (!file) continue;
    const bytes = new Blob([await readFile(file.path)]);
    const made = await rivya.files.upload(bytes, file.path, slot.kind, version.model);
    items.push({
      url: made.url,
      kind: slot.kind,
      name: file.path,
      mimeType: made.mime_type ?? undefined,
      durationSeconds: made.duration_seconds ?? undefined,
      durationToken: made.duration_token ?? undefined,
    });
  }
  if (items.length) params.referenceMediaItems = items;
  const body: GenerationRequest = { model: version.model, prompt, params };
  let generation = await rivya.generations.create(body, { idempotencyKey });
  while (!["succeeded", "failed"].includes(generation.status)) {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    generation = await rivya.generations.retrieve(generation.id);
  }
  if (generation.status === "failed") throw new Error(generation.error?.message ?? "failed");
  return generation.result?.urls ?? [];
}
