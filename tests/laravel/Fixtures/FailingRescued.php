<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures;

use Illuminate\Contracts\Broadcasting\ShouldRescue;

class FailingRescued extends Failing implements ShouldRescue
{
}
