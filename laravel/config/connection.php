<?php

// SPDX-License-Identifier: MIT

/*
 * The connection "clairon" of config/broadcasting.php. What that file says about it stands over
 * what is written here, key by key; an entry ['driver' => 'clairon'] there is enough.
 */

/*
 * The application comes from one family of variables, never from two: the first of these of which
 * anything is set. `composer require clairon/laravel` in an application that used Reverb or Pusher
 * therefore needs no new keys.
 */
$family = null;

foreach (['CLAIRON', 'REVERB', 'PUSHER'] as $name) {
    if (env("{$name}_APP_ID") || env("{$name}_APP_KEY") || env("{$name}_APP_SECRET")) {
        $family = $name;
        break;
    }
}

return [
    'driver' => 'clairon',

    // Where events go: unix:PATH, tcp://HOST:PORT, redis://[USER:PASSWORD@]HOST[:PORT] or
    // redis+unix:PATH. php-fpm and clairon:start must both reach a Unix socket's path.
    'dsn' => env('CLAIRON_DSN') ?: 'unix:' . storage_path('framework/clairon.sock'),

    // "array" records broadcasts for the assertions of Clairon\Laravel\Clairon instead of sending
    // them: for tests, by CLAIRON_TRANSPORT in phpunit.xml or by Clairon::fake().
    'transport' => env('CLAIRON_TRANSPORT'),

    // The application as the relay knows it. The secret also signs private channels.
    'app_id' => $family ? env("{$family}_APP_ID") : null,
    'key' => $family ? env("{$family}_APP_KEY") : null,
    'secret' => $family ? env("{$family}_APP_SECRET") : null,

    // The variables that the three come from, for messages and `php artisan about`.
    'family' => $family,

    'options' => [
        // Where browsers find the relay. Shown by `php artisan about`; echo.js gets the same
        // values through the VITE_ mirrors of these variables.
        'host' => env('CLAIRON_HOST', 'localhost'),
        'port' => env('CLAIRON_PORT', 6001),
        'scheme' => env('CLAIRON_SCHEME', 'http'),

        // 32 random bytes in base64 (openssl rand -base64 32): the key of private-encrypted-
        // channels, whose data the relay can't read. Without it those channels are refused.
        'encryption_master_key_base64' => env('CLAIRON_ENCRYPTION_MASTER_KEY'),
    ],

    // Answers channel authorisation as JSONP where the request names a callback.
    'jsonp' => false,

    // Options of Clairon\Publisher; null leaves the extension's own default.
    'publisher' => [
        // Of the relay's TCP ingest or of Redis.
        'password' => env('CLAIRON_INGEST_PASSWORD'),

        // First word of the names on the bus; the relay's bus_prefix must be the same.
        'bus_prefix' => env('CLAIRON_BUS_PREFIX'),

        // The file that keeps events while the relay is away, for all processes of the application;
        // whoever gets through sends them, in order. Empty: none, the outbox is all there is.
        'spool' => env('CLAIRON_SPOOL', storage_path('framework/clairon.spool')),

        // Its bound, 64 MB by default, and how old events may be when they can be sent at last: 600 s.
        'spool_bytes' => env('CLAIRON_SPOOL_BYTES'),
        'spool_age_s' => env('CLAIRON_SPOOL_AGE_S'),

        // A relay that acknowledges nothing for so long counts as away.
        'ack_timeout_ms' => env('CLAIRON_ACK_TIMEOUT_MS'),

        // The outbox of one process, for what waits for the end of the response or can't be spooled:
        // its bounds. A web request never waits; what passes a bound is dropped, counted and handled
        // as clairon.on_failure says.
        'outbox_events' => env('CLAIRON_OUTBOX_EVENTS'),
        'outbox_bytes' => env('CLAIRON_OUTBOX_BYTES'),

        // How long a command-line process may wait for room in the outbox. Octane's workers are
        // such processes but serve requests: there the default is 0.
        'cli_wait_ms' => env('CLAIRON_CLI_WAIT_MS'),

        // Longest data of one event.
        'payload_bytes' => env('CLAIRON_PAYLOAD_BYTES'),
    ],
];
