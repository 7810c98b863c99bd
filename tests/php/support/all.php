<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

foreach (['Checks', 'Relay', 'Client', 'Endpoint'] as $class) {
    require __DIR__ . "/{$class}.php";
}
