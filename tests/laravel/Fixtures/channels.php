<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures;

final class JoinedByClass
{
    public function join(object $user, string $id): bool
    {
        return (int) $user->id === (int) $id;
    }
}
