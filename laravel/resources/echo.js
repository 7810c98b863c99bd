import Echo from 'laravel-echo';

import Pusher from 'pusher-js';
window.Pusher = Pusher;

// 'reverb' is Echo's name for a server that speaks the Pusher protocol; clairon-relay does.
window.Echo = new Echo({
    broadcaster: 'reverb',
    key: import.meta.env.VITE_CLAIRON_APP_KEY,
    wsHost: import.meta.env.VITE_CLAIRON_HOST,
    wsPort: import.meta.env.VITE_CLAIRON_PORT ?? 80,
    wssPort: import.meta.env.VITE_CLAIRON_PORT ?? 443,
    forceTLS: (import.meta.env.VITE_CLAIRON_SCHEME ?? 'https') === 'https',
    // Where a proxy swallows WebSockets, pusher-js goes on with HTTP requests to the same relay, at
    // /pusher/app. Without httpHost they would go to pusher.com.
    httpHost: import.meta.env.VITE_CLAIRON_HOST,
    httpPort: import.meta.env.VITE_CLAIRON_PORT ?? 80,
    httpsPort: import.meta.env.VITE_CLAIRON_PORT ?? 443,
    httpPath: '/pusher',
    enableStats: false,
});
