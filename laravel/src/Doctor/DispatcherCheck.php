<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Closure;
use Composer\InstalledVersions;
use FilesystemIterator;
use Illuminate\Contracts\Events\Dispatcher as Contract;
use Illuminate\Events\Dispatcher;
use RecursiveCallbackFilterIterator;
use RecursiveDirectoryIterator;
use RecursiveIteratorIterator;
use SplFileInfo;

/**
 * clairon.dispatcher: whether it is in use, and with "native" (or on demand) which code asks for
 * Laravel's own class.
 */
final class DispatcherCheck implements Check
{
    private const ABOUT = 'Dispatcher';

    private const SHOWN = 20;

    // Their code was written with the framework's class and is not run with another one.
    private const LEFT_OUT = '~\A(?:laravel/framework|illuminate/.*|clairon/.*)\z~';

    private const FOLDERS_LEFT_OUT = ['vendor', 'node_modules', 'tests', 'Tests', 'storage', 'stubs'];

    private const FILE_BYTES = 1024 * 1024;

    /**
     * @param bool $isWanted scan, whatever clairon.dispatcher is
     * @param Closure(string): void $progress is told which part is scanned
     */
    public function __construct(private readonly bool $isWanted, private readonly Closure $progress)
    {
    }

    public function findings(Subject $subject): iterable
    {
        $mode = $subject->text('clairon.dispatcher');
        /** @var Contract $used */
        $used = $subject->app->make('events');

        if ($mode === '') {
            yield Finding::ok(self::ABOUT, 'Laravel\'s own; clairon.dispatcher is off.');
        } elseif (! in_array($mode, ['native', 'compatible'], true)) {
            yield Finding::problem(self::ABOUT, "clairon.dispatcher is \"{$mode}\", which is unknown.", 'Set CLAIRON_DISPATCHER to native or compatible, or remove it.');
        } elseif (get_class($used) === Dispatcher::class) {
            yield Finding::problem(
                self::ABOUT,
                "clairon.dispatcher is \"{$mode}\", but Laravel's own dispatcher is in use.",
                'Load the extension in this PHP; without it nothing changes.'
            );
        } else {
            yield Finding::ok(self::ABOUT, "{$mode}: " . get_class($used));
        }

        if ($mode === 'native' || $this->isWanted) {
            yield from $this->scan($subject, $mode === 'native');
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function scan(Subject $subject, bool $isNative): iterable
    {
        $found = [];
        $files = 0;

        foreach ($this->folders($subject) as $name => $folder) {
            ($this->progress)($name);

            foreach ($this->files($folder) as $path) {
                $files++;

                foreach (TypeHints::lines((string) @file_get_contents($path, false, null, 0, self::FILE_BYTES)) as $line) {
                    $found[] = $subject->relative($path) . ":{$line}";
                }
            }
        }

        ($this->progress)('');

        if ($found === []) {
            yield Finding::ok(self::ABOUT, "None of {$files} files in app/ and the packages asks for Laravel's own class.");

            return;
        }

        $more = count($found) - self::SHOWN;
        $text = 'Illuminate\Events\Dispatcher is asked for in ' . implode(', ', array_slice($found, 0, self::SHOWN))
            . ($more > 0 ? " and {$more} more places" : '') . '.';
        $advice = 'Set CLAIRON_DISPATCHER=compatible, or ask for Illuminate\Contracts\Events\Dispatcher there.';

        yield $isNative
            ? Finding::problem(self::ABOUT, $text, $advice)
            : Finding::note(self::ABOUT, $text, 'With CLAIRON_DISPATCHER=native these would fail: use compatible, or the contract there.');
    }

    /**
     * @return array<string, string>
     */
    private function folders(Subject $subject): array
    {
        $folders = ['app/' => $subject->app->path()];

        foreach (array_unique(InstalledVersions::getInstalledPackages()) as $package) {
            $path = preg_match(self::LEFT_OUT, $package) === 1 ? null : InstalledVersions::getInstallPath($package);
            $json = $path === null ? '' : (string) @file_get_contents("{$path}/composer.json");

            // What knows nothing of Laravel can't ask for its classes.
            if ($path !== null && preg_match('~"(?:illuminate|laravel)/~', $json) === 1 && realpath($path) !== realpath($subject->app->basePath())) {
                $folders[$package] = (string) realpath($path);
            }
        }

        return array_filter($folders, 'is_dir');
    }

    /**
     * @return iterable<string>
     */
    private function files(string $folder): iterable
    {
        $wanted = new RecursiveCallbackFilterIterator(
            new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS),
            static fn (SplFileInfo $file): bool => $file->isDir()
                ? ! in_array($file->getFilename(), self::FOLDERS_LEFT_OUT, true)
                : $file->getExtension() === 'php'
        );

        /** @var SplFileInfo $file */
        foreach (new RecursiveIteratorIterator($wanted) as $file) {
            yield $file->getPathname();
        }
    }
}
