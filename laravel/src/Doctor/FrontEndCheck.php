<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use FilesystemIterator;
use RecursiveCallbackFilterIterator;
use RecursiveDirectoryIterator;
use RecursiveIteratorIterator;
use SplFileInfo;

/**
 * What the scripts of the pages were told: echo.js, the VITE_ (or MIX_) variables, what was built.
 */
final class FrontEndCheck implements Check
{
    private const ABOUT = 'Front end';

    private const FILES_MAX = 3000;

    private const FILE_BYTES = 8 * 1024 * 1024;

    // What configureEcho() of @laravel/echo-react and -vue reads where it is given nothing.
    private const DEFAULTS = [
        'key' => 'import.meta.env.VITE_REVERB_APP_KEY',
        'wsHost' => 'import.meta.env.VITE_REVERB_HOST',
        'wsPort' => 'import.meta.env.VITE_REVERB_PORT ?? 80',
        'wssPort' => 'import.meta.env.VITE_REVERB_PORT ?? 443',
        'forceTLS' => "(import.meta.env.VITE_REVERB_SCHEME ?? 'https') === 'https'",
    ];

    // At the beginning: what stands behind "something() ||" may never count.
    private const VARIABLE = '/\A\(?(?:import\.meta|process)\.env\.(\w+)/';

    private const LITERAL = '/(?:\A|(?:\?\?|\|\|)\s*)(?:\'([^\']*)\'|"([^"]*)"|(\d+))\)?\s*\z/';

    private int $compared = 0;

    public function findings(Subject $subject): iterable
    {
        [$file, $code] = $this->find($subject);

        if ($file === null) {
            yield Finding::skipped(
                self::ABOUT,
                'No file of resources/js sets laravel-echo up.',
                '"php artisan clairon:install" writes resources/js/echo.js; another front end needs key, host, port and scheme from .env.'
            );

            return;
        }

        $problems = [...$this->compare($subject, $file, $code)];
        yield from $problems;

        if ($problems === []) {
            yield $this->compared > 0
                ? Finding::ok(self::ABOUT, "{$file} and its variables say what the configuration says.")
                : Finding::skipped(self::ABOUT, "{$file} computes its settings in the browser: they can't be compared here.");
        }

        yield from $this->built($subject);
    }

    /**
     * @return array{string|null, string} path and code without comments
     */
    private function find(Subject $subject): array
    {
        $folder = $subject->app->resourcePath('js');

        foreach ($this->files($folder, '/\.(?:js|mjs|ts|jsx|tsx|vue)\z/') as $path) {
            $code = (string) preg_replace(['~/\*.*?\*/~s', '~^\s*//.*$~m'], '', $this->read($path));

            if (preg_match('/\bnew\s+Echo\s*\(|\bconfigureEcho\s*\(/', $code) === 1) {
                return [$subject->relative($path), $code];
            }
        }

        return [null, ''];
    }

    /**
     * @return iterable<string>
     */
    private function files(string $folder, string $pattern): iterable
    {
        if (! is_dir($folder)) {
            return;
        }

        $wanted = new RecursiveCallbackFilterIterator(
            new RecursiveDirectoryIterator($folder, FilesystemIterator::SKIP_DOTS),
            static fn (SplFileInfo $file): bool => $file->getFilename() !== 'node_modules'
        );
        $count = 0;

        /** @var SplFileInfo $file */
        foreach (new RecursiveIteratorIterator($wanted) as $file) {
            if (++$count > self::FILES_MAX) {
                return;
            }

            if ($file->isFile() && preg_match($pattern, $file->getFilename()) === 1) {
                yield $file->getPathname();
            }
        }
    }

    private function read(string $path): string
    {
        return (string) @file_get_contents($path, false, null, 0, self::FILE_BYTES);
    }

    /**
     * @return iterable<Finding>
     */
    private function compare(Subject $subject, string $file, string $code): iterable
    {
        if (preg_match('/\bbroadcaster\s*:\s*[\'"](\w+(?:\.\w+)?)[\'"]/', $code, $match) === 1 && ! in_array($match[1], ['reverb', 'pusher'], true)) {
            yield Finding::problem(
                self::ABOUT,
                "{$file} uses the broadcaster \"{$match[1]}\", which the relay does not speak.",
                "Use broadcaster: 'reverb' there, as vendor/clairon/laravel/resources/echo.js does."
            );

            return;
        }

        $isTls = $subject->own('options.scheme') === 'https';
        $wanted = [
            'key' => [$subject->own('key'), 'key'],
            'wsHost' => [$subject->own('options.host'), 'host'],
            ($isTls ? 'wssPort' : 'wsPort') => [$subject->own('options.port'), 'port'],
        ];

        foreach ($wanted as $role => [$value, $word]) {
            yield from $this->compareOne($subject, $file, $this->expression($code, $role), $value, $word);
        }

        yield from $this->compareScheme($subject, $file, $this->expression($code, 'forceTLS'), $isTls);
    }

    private function expression(string $code, string $role): ?string
    {
        if (preg_match("/\\b{$role}\\s*:\\s*([^\\n]+)/", $code, $match) === 1) {
            return rtrim(trim($match[1]), ',');
        }

        return str_contains($code, 'configureEcho') ? self::DEFAULTS[$role] : null;
    }

    /**
     * @return iterable<Finding>
     */
    private function compareOne(Subject $subject, string $file, ?string $expression, string $wanted, string $word): iterable
    {
        if ($expression === null) {
            yield Finding::problem(self::ABOUT, "{$file} gives Echo no {$word}.", 'Compare it with vendor/clairon/laravel/resources/echo.js.');

            return;
        }

        $name = preg_match(self::VARIABLE, $expression, $match) === 1 ? $match[1] : null;
        $literal = preg_match(self::LITERAL, $expression, $match) === 1 ? implode('', array_slice($match, 1)) : null;

        if ($name === null && ($literal === null || preg_match('/\A[\'"\d]/', $expression) !== 1)) {
            return;
        }

        $this->compared++;

        if ($name === null) {
            if ($literal !== $wanted) {
                yield $this->differs("{$file} has {$word} \"{$literal}\"", $wanted, $word);
            }

            return;
        }

        $value = $subject->variable($name);
        $value = $value === null || $value === '' ? $literal : $value;

        if ($value === null) {
            $source = (string) preg_replace('/\A(?:VITE|MIX)_/', '', $name);

            yield Finding::problem(
                self::ABOUT,
                "{$file} reads {$name}, which .env does not set.",
                "Add {$name}=\"\${{$source}}\" to .env (\"php artisan clairon:install\" does it), then run \"npm run build\"."
            );
        } elseif ($value !== $wanted) {
            yield $this->differs("{$name} is \"{$value}\"", $wanted, $word);
        }
    }

    private function differs(string $what, string $wanted, string $word): Finding
    {
        return Finding::problem(
            self::ABOUT,
            "{$what}, but the broadcasting connection has {$word} \"{$wanted}\".",
            'Make them equal in .env and run "npm run build" (and "php artisan config:cache", if the configuration is cached).'
        );
    }

    /**
     * @return iterable<Finding>
     */
    private function compareScheme(Subject $subject, string $file, ?string $expression, bool $isTls): iterable
    {
        $name = $expression !== null && preg_match(self::VARIABLE, $expression, $match) === 1 ? $match[1] : null;

        if ($name === null) {
            $told = match (true) {
                $expression === 'false' => false,
                $expression === 'true' => true,
                default => null,
            };
        } else {
            $value = $subject->variable($name);
            $told = ($value === null || $value === '' ? 'https' : $value) === 'https';
        }

        if ($told !== null && $told !== $isTls) {
            yield $this->differs(
                ($name === null ? "{$file} has forceTLS: {$expression}" : "{$name} asks for " . ($told ? 'https' : 'http')),
                $subject->own('options.scheme'),
                'scheme'
            );
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function built(Subject $subject): iterable
    {
        /** @var string $public */
        $public = $subject->app->make('path.public');

        if (is_file("{$public}/hot")) {
            yield Finding::note(self::ABOUT, 'The development server of Vite serves the scripts (public/hot).', 'Restart it after changes of .env.');

            return;
        }

        [$manifest, $scripts] = is_file("{$public}/build/manifest.json")
            ? ["{$public}/build/manifest.json", "{$public}/build"]
            : ["{$public}/mix-manifest.json", "{$public}/js"];

        if (! is_file($manifest)) {
            yield Finding::note(self::ABOUT, 'No scripts were built (public/build).', 'Run "npm run build".');

            return;
        }

        if (! $this->contains($scripts, $subject->own('key'))) {
            yield Finding::problem(
                self::ABOUT,
                "No script in {$subject->relative($scripts)} contains the application's key: they were built with another .env.",
                'Run "npm run build".'
            );
        } elseif ((int) @filemtime($manifest) < (int) @filemtime($subject->app->environmentFilePath())) {
            yield Finding::note(
                self::ABOUT,
                "The scripts in {$subject->relative($scripts)} are older than .env.",
                'Run "npm run build" if a host, port or scheme changed.'
            );
        } else {
            yield Finding::ok(self::ABOUT, "The scripts in {$subject->relative($scripts)} were built with this key, after .env.");
        }
    }

    private function contains(string $folder, string $key): bool
    {
        foreach ($this->files($folder, '/\.m?js\z/') as $path) {
            if ($key !== '' && str_contains($this->read($path), $key)) {
                return true;
            }
        }

        return false;
    }
}
