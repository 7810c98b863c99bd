<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

/**
 * The error and exception handlers as they are now. Up to Laravel 9 an application that was booted
 * leaves its own behind, which PHPUnit takes for the test's fault.
 */
final class Handlers
{
    private const MOST = 100;

    private mixed $errors;

    private mixed $exceptions;

    public function __construct()
    {
        $this->errors = self::errors();
        $this->exceptions = self::exceptions();
    }

    public function restore(): void
    {
        for ($i = 0; $i < self::MOST && self::errors() !== $this->errors; $i++) {
            restore_error_handler();
        }

        for ($i = 0; $i < self::MOST && self::exceptions() !== $this->exceptions; $i++) {
            restore_exception_handler();
        }
    }

    private static function errors(): mixed
    {
        $handler = set_error_handler(static fn () => false);
        restore_error_handler();

        return $handler;
    }

    private static function exceptions(): mixed
    {
        $handler = set_exception_handler(static function (): void {
        });
        restore_exception_handler();

        return $handler;
    }
}
