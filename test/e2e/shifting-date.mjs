// Loaded into a daemon before its own code (node --import): its wall clock is off by as many ms as the file HF_SHIFT_FILE says now.
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env['HF_SHIFT_FILE'] ?? '';
let shiftMs = 0;
const read = () => {
  try {
    shiftMs = Number(readFileSync(file, 'utf8'));
  } catch {
    shiftMs = 0;
  }
};
read();
setInterval(read, 20).unref();

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};
