<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

/**
 * An error as a server that speaks RESP answers it.
 */
final class RespError
{
    public function __construct(public readonly string $text)
    {
    }
}
