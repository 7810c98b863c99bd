<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures;

use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;

class AfterCommit extends Plain implements ShouldDispatchAfterCommit
{
}
