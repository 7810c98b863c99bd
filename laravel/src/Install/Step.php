<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Clairon\Laravel\UnavailableException;
use Illuminate\Foundation\Application;

/**
 * One part of an installation. Running it a second time changes nothing.
 */
interface Step
{
    /**
     * @throws UnavailableException when a file can't be read or written
     */
    public function run(Application $app, Journal $journal): void;
}
