<?php

// SPDX-License-Identifier: MIT

namespace App\Rules;

use Closure;
use Illuminate\Contracts\Validation\ValidationRule;

/**
 * The text, encoded as in an event, leaves room for the other fields within the 10,240 bytes that the
 * Pusher protocol gives one event. JSON writes an emoji in 12 bytes, so characters alone say little.
 */
class FitsIntoAnEvent implements ValidationRule
{
    private const BYTES = 9_000;

    public function validate(string $attribute, mixed $value, Closure $fail): void
    {
        $encoded = json_encode($value);

        if ($encoded === false || strlen($encoded) > self::BYTES) {
            $fail(__('chat.errors.too_long'));
        }
    }
}
