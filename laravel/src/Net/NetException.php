<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

use RuntimeException;

/**
 * A connection that can't be opened, broke, or answers something else; the message says what.
 */
final class NetException extends RuntimeException
{
    /**
     * @param bool $isRefusal the other side said no; trying again would not help
     */
    public function __construct(string $message, int $code = 0, public readonly bool $isRefusal = false)
    {
        // These are put into sentences that go on.
        parent::__construct(rtrim($message, '.'), $code);
    }

    public static function answered(RespError $error): self
    {
        return new self($error->text, 0, preg_match('/\A(?:ERR|NOAUTH|NOPERM|WRONGPASS)\b/', $error->text) === 1);
    }
}
