<?php

// SPDX-License-Identifier: MIT

return [
    'default' => env('DB_CONNECTION', 'sqlite'),
    'connections' => [
        'sqlite' => ['driver' => 'sqlite', 'database' => env('DB_DATABASE', database_path('database.sqlite')), 'prefix' => ''],
    ],
    'migrations' => 'migrations',
    'redis' => ['client' => 'phpredis', 'default' => ['host' => '127.0.0.1', 'port' => 6379]],
];
