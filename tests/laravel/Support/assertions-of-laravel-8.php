<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Illuminate\Testing;

/**
 * In the place of Laravel 8's class, which a newer PHPUnit can't load: what its TestResponse calls is
 * in PHPUnit's own.
 */
abstract class Assert extends \PHPUnit\Framework\Assert
{
}
