import type { AnyStateNode } from 'xstate';

export interface ChartOptions {
  /** Path of the state that is drawn; all of the machine where there is none. */
  readonly within?: string;
  /** Levels of states below it that are drawn. */
  readonly depth?: number;
}
export interface Chart {
  readonly name: string;
  readonly machine: 'module' | 'script' | 'errd' | 'checker' | 'failover' | 'membership' | 'node';
  readonly title: string;
  readonly options: ChartOptions;
}
export declare const charts: readonly Chart[];
/** The picture as SVG; the same text for the same machine. */
export declare function renderChart(root: AnyStateNode, options: ChartOptions): Promise<string>;
