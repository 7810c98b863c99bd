<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Illuminate\Broadcasting\BroadcastException;

/**
 * Something that must be installed or configured first; the message says what.
 */
final class UnavailableException extends BroadcastException
{
}
