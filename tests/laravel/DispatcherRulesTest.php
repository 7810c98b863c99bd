<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use Clairon\Laravel\Tests\Fixtures\Dispatching\Said;
use Illuminate\Contracts\Events\Dispatcher as Contract;
use Illuminate\Support\Str;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;

/**
 * Point 35: the rules of Laravel's dispatcher that are easy to get wrong.
 */
final class DispatcherRulesTest extends TestCase
{
    protected function tearDown(): void
    {
        Said::$words = [];
    }

    /**
     * @return array<string, array{Contract}>
     */
    public static function ours(): array
    {
        return ['native' => [new NativeDispatcher()], 'compatible' => [new CompatibleDispatcher()]];
    }

    #[DataProvider('ours')]
    public function test_point_35_order_names_then_patterns_then_interfaces_never_parents(Contract $events): void
    {
        $events->listen(On\Marked::class, fn () => 'interface');
        $events->listen('*Child', fn () => 'pattern');
        $events->listen('*', fn () => 'any');
        $events->listen(On\Child::class, fn () => 'first');
        $events->listen(On\Plain::class, fn () => 'parent');
        $events->listen(On\Child::class, fn () => 'second');

        self::assertSame(['first', 'second', 'pattern', 'any', 'interface'], $events->dispatch(new On\Child()));
        self::assertSame(['any', 'parent'], [$events->dispatch(new On\Plain())[1], $events->dispatch(new On\Plain())[0]]);
    }

    #[DataProvider('ours')]
    public function test_point_35_a_name_of_a_loaded_class_reaches_its_interfaces(Contract $events): void
    {
        $name = 'LoadedLater' . bin2hex(random_bytes(4));
        $events->listen(\Countable::class, fn (...$values) => $values);

        self::assertSame([], $events->dispatch($name, ['early']));
        eval("class {$name} implements \\Countable { public function count(): int { return 0; } }");
        self::assertSame([['late']], $events->dispatch($name, ['late']));
        self::assertFalse($events->hasListeners($name), 'interfaces are not asked');
    }

    #[DataProvider('ours')]
    public function test_point_35_results_and_halting(Contract $events): void
    {
        foreach ([null, 0, '', [], 'text'] as $result) {
            $events->listen('values', fn () => $result);
        }
        self::assertSame([null, 0, '', [], 'text'], $events->dispatch('values'));
        self::assertSame(0, $events->until('values'));

        foreach ([1, false, 2] as $result) {
            $events->listen('stopped', fn () => $result);
        }
        self::assertSame([1], $events->dispatch('stopped'));

        $events->listen('refused', fn () => false);
        self::assertFalse($events->until('refused'));
        self::assertSame([], $events->dispatch('nobody'));
        self::assertNull($events->until('nobody'));
    }

    #[DataProvider('ours')]
    public function test_point_35_the_list_is_fixed_before_the_first_call(Contract $events): void
    {
        $events->listen('a', function () use ($events) {
            $events->listen('a', fn () => 'added');
            $events->listen('*', fn () => 'any');
            $events->forget('b');

            return 'first';
        });
        $events->listen('a', function () use ($events) {
            $events->forget('a');

            return 'second';
        });
        $events->listen('a', fn () => 'third');

        self::assertSame(['first', 'second', 'third'], $events->dispatch('a'));
        self::assertSame(['any'], $events->dispatch('a'));
    }

    #[DataProvider('ours')]
    public function test_point_35_class_listeners_are_made_one_after_the_other(Contract $events): void
    {
        $events->listen('a', On\Handler::class);
        $events->listen('a', On\Replacement::class . '@stops');
        $events->listen('a', On\Replaced::class);

        self::assertSame(['handled'], $events->dispatch('a'));
        self::assertSame(['new ' . On\Handler::class, On\Handler::class . '@handle[]', 'new ' . On\Replacement::class], Said::$words);
    }

    #[DataProvider('ours')]
    public function test_point_35_patterns_match_as_the_installed_laravel_matches(Contract $events): void
    {
        $patterns = ['*', 'a*', '*.b', 'a.*.c', 'a.b', '*é*', '*[b]*', 'a*c', '*+'];

        foreach ($patterns as $pattern) {
            $events->listen($pattern, fn () => $pattern);
        }
        foreach (['a.b', 'A.b', "a.\nb", "a\n", 'a.x.c', 'a.c', "a\nc", 'xéx', "x\xe9x", "a\xff", '[b]', 'b', '+', '*', 'a*'] as $name) {
            $expected = array_values(array_filter($patterns, static fn ($pattern) => $pattern === $name || (str_contains($pattern, '*') && Str::is($pattern, $name))));
            $found = array_values(array_unique($events->dispatch($name)));
            sort($expected);
            sort($found);

            self::assertSame($expected, $found, json_encode($name, JSON_INVALID_UTF8_SUBSTITUTE));
            self::assertSame(array_values(array_diff($expected, ['a.b'])) !== [], $events->hasWildcardListeners($name));
        }
    }
}
