<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Tests\Php\Support;

use RuntimeException;
use Throwable;

/**
 * Counts checks; a failed one ends its test and is printed. The libraries that are tested bring no
 * test framework that runs with all of them.
 */
final class Checks
{
    private int $passed = 0;

    private int $failed = 0;

    public function __construct(private readonly string $group)
    {
        set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
            // Old libraries name what newer PHP will not have any more; that is not about us.
            if (($level & (E_DEPRECATED | E_USER_DEPRECATED)) !== 0 || (error_reporting() & $level) === 0) {
                return true;
            }
            throw new RuntimeException("{$message} in {$file}:{$line}");
        });
    }

    public function test(string $name, callable $body): void
    {
        try {
            $body();
            $this->passed++;
            echo "ok {$this->group}: {$name}\n";
        } catch (Throwable $e) {
            $this->failed++;
            $where = basename($e->getFile()) . ':' . $e->getLine();
            echo "not ok {$this->group}: {$name}\n    " . $e::class . " at {$where}: {$e->getMessage()}\n";
            echo preg_replace('/^/m', '    ', $e->getTraceAsString()) . "\n";
        }
    }

    public function same(mixed $expected, mixed $actual): void
    {
        if ($expected !== $actual) {
            throw new RuntimeException('expected ' . self::shown($expected) . ', got ' . self::shown($actual));
        }
    }

    /**
     * Like same(), for objects of JSON: compared as JSON says them.
     */
    public function sameJson(string $expected, mixed $actual): void
    {
        $this->same($expected, json_encode($actual, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
    }

    public function matches(string $pattern, string $actual): void
    {
        if (preg_match($pattern, $actual) !== 1) {
            throw new RuntimeException("{$pattern} does not match " . self::shown($actual));
        }
    }

    /**
     * @template T of Throwable
     *
     * @param class-string<T> $class
     *
     * @return T
     */
    public function throws(string $class, callable $body): Throwable
    {
        try {
            $body();
        } catch (Throwable $e) {
            if ($e instanceof $class) {
                return $e;
            }
            throw $e;
        }
        throw new RuntimeException("{$class} was not thrown");
    }

    /**
     * A line for docs/compatibility.md (tools/compatibility reads it).
     */
    public function ran(string $library, string $version, string $what): void
    {
        if ($this->failed === 0) {
            echo "# library: {$library} | {$version} | {$what}\n";
        }
    }

    /**
     * A point of the checklist that is shown if all tests so far have passed.
     */
    public function point(int $number, string $text, int $workers): void
    {
        $result = $this->failed === 0 ? 'ok' : 'not ok';
        echo "{$result} - point {$number}: {$text}, {$workers} worker" . ($workers === 1 ? '' : 's') . "\n";
    }

    /**
     * Ends the program.
     */
    public function end(): never
    {
        echo "{$this->passed} passed, {$this->failed} failed\n";
        exit($this->failed === 0 && $this->passed > 0 ? 0 : 1);
    }

    private static function shown(mixed $value): string
    {
        $text = var_export($value, true);

        return strlen($text) > 600 ? substr($text, 0, 600) . '...' : $text;
    }
}
