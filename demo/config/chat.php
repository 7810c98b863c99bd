<?php

return [

    /*
    |--------------------------------------------------------------------------
    | Where the browser finds the relay
    |--------------------------------------------------------------------------
    |
    | Empty means: where the page itself comes from, as with a web server that
    | passes /app on to the relay. The page reads these at run time, so that
    | another port needs no other build of the scripts.
    |
    */

    'socket' => [
        'host' => env('CLAIRON_BROWSER_HOST'),
        'port' => env('CLAIRON_BROWSER_PORT'),
    ],

    /*
    |--------------------------------------------------------------------------
    | Ready-made logins
    |--------------------------------------------------------------------------
    |
    | Offered on the login page with one click each, all with one password.
    |
    */

    'ready_logins' => ['camille@example.com', 'noah@example.com'],

    'ready_password' => 'clairon',

];
