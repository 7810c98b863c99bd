<?php

// SPDX-License-Identifier: MIT

return [
    'default' => env('LOG_CHANNEL', 'single'),
    'deprecations' => 'null',
    'channels' => [
        'single' => ['driver' => 'single', 'path' => storage_path('logs/laravel.log')],
        'null' => ['driver' => 'monolog', 'handler' => Monolog\Handler\NullHandler::class],
    ],
];
