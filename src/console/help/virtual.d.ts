/** Made of the schema of the configuration at the build: scripts/build-console.mjs, src/config/help.ts. */
declare module 'virtual:config-help' {
  export interface AttributeHelp {
    readonly doc: string;
    readonly allowed: string;
    readonly initial: string | null;
    readonly required: boolean;
    readonly ignored: string | null;
    readonly choices: readonly string[] | null;
    readonly modes: readonly string[] | null;
  }
  export interface ChildHelp {
    readonly name: string;
    readonly min: number;
    readonly max: number | null;
  }
  export interface ElementHelp {
    readonly doc: string;
    readonly ignored: string | null;
    readonly attributes: Readonly<Record<string, AttributeHelp>>;
    readonly children: readonly ChildHelp[];
    readonly modes: readonly string[] | null;
    readonly text: boolean;
  }
  export const configHelp: {
    readonly cluster: Readonly<Record<string, ElementHelp>>;
    readonly module: Readonly<Record<string, ElementHelp>>;
  };
}
