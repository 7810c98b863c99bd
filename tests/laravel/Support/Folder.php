<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

use FilesystemIterator;
use RecursiveDirectoryIterator;
use RecursiveIteratorIterator;

/**
 * A temporary folder that is gone when nobody holds this object any more.
 */
final class Folder
{
    public readonly string $path;

    private readonly int $owner;

    /**
     * @param array<string, string> $files by relative path
     */
    public function __construct(array $files = [])
    {
        $this->owner = getmypid();
        $this->path = sys_get_temp_dir() . '/clairon-' . bin2hex(random_bytes(6));
        mkdir($this->path, 0755);

        foreach ($files as $name => $text) {
            $this->write($name, $text);
        }
    }

    public function __destruct()
    {
        if (getmypid() !== $this->owner) {
            return;
        }

        $inside = new RecursiveIteratorIterator(
            new RecursiveDirectoryIterator($this->path, FilesystemIterator::SKIP_DOTS),
            RecursiveIteratorIterator::CHILD_FIRST
        );

        foreach ($inside as $file) {
            $file->isDir() && ! $file->isLink() ? rmdir((string) $file) : unlink((string) $file);
        }

        rmdir($this->path);
    }

    public function write(string $name, string $text): string
    {
        $path = "{$this->path}/{$name}";

        if (! is_dir(dirname($path))) {
            mkdir(dirname($path), 0755, true);
        }

        file_put_contents($path, $text);

        return $path;
    }

    public function read(string $name): string
    {
        return (string) file_get_contents("{$this->path}/{$name}");
    }

    /**
     * @return array<string, string> all files, their text by relative path
     */
    public function files(): array
    {
        $files = [];

        foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($this->path, FilesystemIterator::SKIP_DOTS)) as $file) {
            if ($file->isFile()) {
                $files[substr((string) $file, strlen($this->path) + 1)] = (string) file_get_contents((string) $file);
            }
        }

        ksort($files);

        return $files;
    }
}
