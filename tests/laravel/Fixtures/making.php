<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures\Making;

use Attribute;
use Closure;
use RuntimeException;

/**
 * Listeners of several kinds; each tells when it is made.
 */
final class Log
{
    /** @var array<mixed> */
    public static array $words = [];

    public static ?Closure $step = null;

    public static ?object $events = null;
}

interface Marked
{
}

class Base implements Marked
{
    public function __construct()
    {
        Log::$words[] = 'new ' . static::class;
    }

    public function handle(mixed $value): static
    {
        return $this;
    }

    public function also(mixed $value): static
    {
        Log::$words[] = 'also';

        return $this;
    }
}

final class Plain extends Base
{
}

final class Other extends Base
{
}

final class Needing extends Base
{
    public function __construct(public Other $other)
    {
        parent::__construct();
    }
}

final class Optional extends Base
{
    public function __construct(public int $number = 7)
    {
        parent::__construct();
    }
}

#[Attribute]
final class Word
{
}

#[Word]
final class Attributed extends Base
{
}

final class Failing extends Base
{
    public function __construct()
    {
        parent::__construct();

        throw new RuntimeException('made and failed');
    }

    public function __destruct()
    {
        Log::$words[] = 'never';
    }
}

final class Hidden extends Base
{
    private function __construct()
    {
    }
}

/**
 * Dispatches while it is being built.
 */
final class Context
{
    public function __construct(public Inner $inner)
    {
    }
}

final class Inner
{
    public function __construct()
    {
        Log::$words[] = array_map('get_class', Log::$events->dispatch('a', ['x']));
    }
}
