<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Clairon\Laravel\UnavailableException;

/**
 * A text file of the application that is read whole, changed and written back. Line ends stay as
 * they are; a file that did not change is not written.
 */
final class TextFile
{
    public string $text;

    private readonly string $original;

    public readonly string $eol;

    private function __construct(public readonly string $path, ?string $text)
    {
        $this->original = $this->text = $text ?? '';
        $this->eol = str_contains($this->text, "\r\n") ? "\r\n" : "\n";
    }

    /**
     * @throws UnavailableException
     */
    public static function read(string $path): self
    {
        $text = is_file($path) ? @file_get_contents($path) : false;

        return $text === false
            ? throw self::failure($path, 'read')
            : new self($path, $text);
    }

    public static function make(string $path): self
    {
        return new self($path, null);
    }

    public static function isThere(string $path): bool
    {
        return file_exists($path);
    }

    public function append(string $lines): void
    {
        if ($this->text !== '' && ! str_ends_with($this->text, "\n")) {
            $this->text .= $this->eol;
        }

        $this->text .= str_replace("\n", $this->eol, $lines);
    }

    /**
     * @return bool whether there was something to write
     *
     * @throws UnavailableException
     */
    public function save(): bool
    {
        if ($this->text === $this->original && file_exists($this->path)) {
            return false;
        }

        $folder = dirname($this->path);

        if (
            (! is_dir($folder) && ! @mkdir($folder, 0755, true))
            || @file_put_contents($this->path, $this->text, LOCK_EX) !== strlen($this->text)
        ) {
            throw self::failure($this->path, 'written');
        }

        return true;
    }

    private static function failure(string $path, string $done): UnavailableException
    {
        return new UnavailableException(
            "{$path} can't be {$done}: check its permissions and run clairon:install again."
        );
    }
}
