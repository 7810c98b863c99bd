<?php

// SPDX-License-Identifier: MIT

return [
    // true: an event that is broadcast inside a database transaction leaves when the transaction is
    // committed, and never if it is rolled back. An event's own $afterCommit stands over this.
    'after_commit' => env('CLAIRON_AFTER_COMMIT', true),

    // When events leave (an event's own broadcastFlush() stands over this):
    //   now       at once; those of a database transaction together, at its commit
    //   response  together, when the response is out. Commands and queue workers have none: now
    'flush' => env('CLAIRON_FLUSH', 'now'),

    // What happens when an event can't be broadcast:
    //   report  the exception handler gets it, the request goes on. Of events dropped because the
    //           relay is away, the first is reported, the rest as one number at the end
    //   throw   the request gets the exception
    //   queue   the event goes to the queue, as Laravel would have sent it; needs a queue worker
    'on_failure' => env('CLAIRON_ON_FAILURE', 'report'),

    // memory:    the payload shows the models as they are in this request
    // serialize: the models are read again from the database first, as a queue worker would do:
    //            columns that the database filled in are there, attributes set only in memory aren't
    'fidelity' => env('CLAIRON_FIDELITY', 'memory'),

    // true runs the middleware() of events, which without this is for queue workers only. Middleware
    // that releases the job can't work: there is no queue to release it to.
    'middleware' => env('CLAIRON_MIDDLEWARE', false),

    // Who calls the listeners of events; needs the extension, without it nothing changes:
    //   null        Laravel's own dispatcher
    //   native      Clairon\Dispatcher, the fast one. It is no Illuminate\Events\Dispatcher: for
    //               applications and packages that ask for the contract or the facade only
    //   compatible  a subclass of Laravel's dispatcher that finds and calls listeners with it
    'dispatcher' => env('CLAIRON_DISPATCHER'),

    // For php artisan clairon:start.
    'relay' => [
        // The binary. null: where pecl puts programs beside this PHP, then the PATH.
        'path' => env('CLAIRON_RELAY'),

        // Address and port that the relay listens on for browsers, HTTP and WebSocket.
        'host' => env('CLAIRON_SERVER_HOST', '127.0.0.1'),
        'port' => env('CLAIRON_SERVER_PORT', 6001),

        // Threads that serve connections; null leaves the choice to the relay.
        'workers' => env('CLAIRON_WORKERS'),

        // A configuration file for all the rest (docs/configuration.md).
        'config' => env('CLAIRON_RELAY_CONFIG'),
    ],
];
