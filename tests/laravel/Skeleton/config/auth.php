<?php

// SPDX-License-Identifier: MIT

return [
    'defaults' => ['guard' => 'web', 'passwords' => 'users'],
    'guards' => ['web' => ['driver' => 'session', 'provider' => 'users']],
    'providers' => ['users' => ['driver' => 'eloquent', 'model' => Illuminate\Foundation\Auth\User::class]],
];
