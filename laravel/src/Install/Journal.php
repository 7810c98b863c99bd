<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

/**
 * What an installation did, what it found done already, and what a person must do.
 */
final class Journal
{
    /** @var list<string> */
    public array $done = [];

    /** @var list<string> */
    public array $kept = [];

    /** @var list<string> */
    public array $advice = [];

    /** @var list<string> */
    public array $failed = [];
}
