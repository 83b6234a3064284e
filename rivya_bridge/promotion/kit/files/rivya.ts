// A small client in the shape of Rivya's SDK; on a server only, because it holds the key.
import { randomUUID } from "node:crypto";

export interface Generation {
  id: string;
  status: string;
  result?: { primary_url?: string; urls: string[] } | null;
  error?: { code?: string; message?: string } | null;
}

export interface GenerationRequest {
  model: string;
  prompt?: string;
  params?: Record<string, unknown>;
}

export interface TurnRequest {
  model: string;
  message: string;
  attachments?: { file_id: string }[];
  [option: string]: unknown;
}

export interface Turn {
  id: string;
  session_id: string;
  message: { content: string };
}

export interface RivyaFile {
  id: string;
  url: string;
  mime_type?: string | null;
  duration_seconds?: number | null;
  duration_token?: string | null;
}

export class RivyaClient {
  constructor(private readonly options: { apiKey: string; baseUrl: string }) {}

  readonly generations = {
    // The same key is charged once: keep it when you repeat a request whose answer was lost.
    create: (body: GenerationRequest, options: { idempotencyKey?: string } = {}) =>
      this.call<Generation>("/generations", this.keyed(body, options.idempotencyKey)),
    retrieve: (id: string) => this.call<Generation>(`/generations/${encodeURIComponent(id)}`),
  };

  readonly chat = {
    completions: {
      create: (body: TurnRequest, options: { idempotencyKey?: string } = {}) =>
        this.call<Turn>("/chat/completions", this.keyed(body, options.idempotencyKey)),
    },
  };

  readonly files = {
    upload: (file: Blob, name: string, kind: string, model: string) => {
      const form = new FormData();
      form.set("file", file, name);
      form.set("kind", kind);
      form.set("model", model);
      return this.call<RivyaFile>("/files", { method: "POST", body: form });
    },
  };

  private keyed(body: unknown, key: string = randomUUID()): RequestInit {
    return {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(body),
    };
  }

  private async call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${this.options.apiKey}`);
    const answer = await fetch(`${this.options.baseUrl}/api/v1${path}`, { ...init, headers });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
