// The page says where the relay is, so that another port needs no other build. Where it says nothing,
// the relay is where the page came from: the web server passes /app and /pusher/app on to it.
import Echo from 'laravel-echo';

import Pusher from 'pusher-js';
window.Pusher = Pusher;

const setting = (name) => document.querySelector(`meta[name="clairon-${name}"]`)?.content;

const forceTLS = window.location.protocol === 'https:';
const port = Number(setting('port') || window.location.port || (forceTLS ? 443 : 80));

window.Echo = new Echo({
    broadcaster: 'reverb',
    key: setting('key') || import.meta.env.VITE_CLAIRON_APP_KEY,
    wsHost: setting('host') || window.location.hostname,
    wsPort: port,
    wssPort: port,
    forceTLS,
    // Where a proxy swallows WebSockets: HTTP requests to the same relay, at /pusher/app.
    httpHost: setting('host') || window.location.hostname,
    httpPort: port,
    httpsPort: port,
    httpPath: '/pusher',
    enableStats: false,
});
