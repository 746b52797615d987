/** Where the console begins. */
import './theme/tokens.css';
import './theme/base.css';
import './theme/parts.css';
import { render } from 'preact';
import { startClock } from './model/clock.js';
import { startRouter } from './router.js';
import { findSession } from './session/session.js';
import { App } from './shell/app.js';
import { startTheme } from './theme/theme.js';

startTheme();
startRouter();
startClock();
const root = document.getElementById('console');
if (root !== null) render(<App />, root);
void findSession();
