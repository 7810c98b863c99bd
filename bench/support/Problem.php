<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

use RuntimeException;

/**
 * Why a subject can't be measured: a sentence. The other subjects go on.
 */
final class Problem extends RuntimeException
{
}
