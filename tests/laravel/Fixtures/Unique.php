<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures;

use Illuminate\Contracts\Broadcasting\ShouldBeUnique;

class Unique extends Plain implements ShouldBeUnique
{
    public function uniqueId(): string
    {
        return 'one';
    }
}
