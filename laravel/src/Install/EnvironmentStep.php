<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Clairon\Laravel\UnavailableException;
use Illuminate\Foundation\Application;

/**
 * .env and .env.example: the broadcasting connection, the application's id, key and secret, and
 * where browsers find the relay. Values that are there stay; comments and order too.
 */
final class EnvironmentStep implements Step
{
    private const SECRETS = ['CLAIRON_APP_ID', 'CLAIRON_APP_KEY', 'CLAIRON_APP_SECRET'];

    private const DRIVER_LINE = '/^([ \t]*(?:export[ \t]+)?(BROADCAST_(?:DRIVER|CONNECTION))[ \t]*=[ \t]*)'
        . '("[^"\r\n]*"|\'[^\'\r\n]*\'|[^\s#]*)/m';

    // What may stand behind the name of a variable that has no value; the comment stays.
    private const EMPTY = '/\A(?:[ \t]*(?:""|\'\'))?([ \t]*(?:#.*)?\r?)\z/';

    public function run(Application $app, Journal $journal): void
    {
        $path = $app->environmentFilePath();

        if (! TextFile::isThere($path)) {
            throw new UnavailableException(
                "There is no {$path}: copy .env.example to it, then run clairon:install again."
            );
        }

        $this->edit($app, TextFile::read($path), $this->values($app), $journal);

        if (TextFile::isThere($example = $app->basePath('.env.example'))) {
            $this->edit($app, TextFile::read($example), array_fill_keys(self::SECRETS, '') + $this->values($app), $journal);
        }
    }

    /**
     * @return array<string, string>
     */
    private function values(Application $app): array
    {
        $prefix = Bundler::of($app)->prefix;

        return [
            'CLAIRON_APP_ID' => (string) random_int(100000, 999999),
            'CLAIRON_APP_KEY' => bin2hex(random_bytes(10)),
            'CLAIRON_APP_SECRET' => bin2hex(random_bytes(16)),
            'CLAIRON_HOST' => 'localhost',
            'CLAIRON_PORT' => '6001',
            'CLAIRON_SCHEME' => 'http',
            "{$prefix}CLAIRON_APP_KEY" => '"${CLAIRON_APP_KEY}"',
            "{$prefix}CLAIRON_HOST" => '"${CLAIRON_HOST}"',
            "{$prefix}CLAIRON_PORT" => '"${CLAIRON_PORT}"',
            "{$prefix}CLAIRON_SCHEME" => '"${CLAIRON_SCHEME}"',
        ];
    }

    /**
     * @param array<string, string> $values
     */
    private function edit(Application $app, TextFile $file, array $values, Journal $journal): void
    {
        $name = basename($file->path);
        $set = $this->chooseDriver($app, $file);
        $missing = [];

        foreach ($values as $variable => $value) {
            $line = '/^([ \t]*(?:export[ \t]+)?' . $variable . '[ \t]*=)(.*)$/m';

            if (preg_match($line, $file->text, $match) !== 1) {
                $missing[$variable] = $value;
            } elseif ($value !== '' && preg_match(self::EMPTY, $match[2], $rest) === 1) {
                $file->text = (string) preg_replace_callback(
                    $line,
                    static fn (array $m): string => $m[1] . $value . $rest[1],
                    $file->text,
                    1
                );
                $set[] = $variable;
            }
        }

        if ($missing !== []) {
            $file->append($this->block($file, $missing));
        }

        $added = [...$set, ...array_keys($missing)];
        $file->save()
            ? $journal->done[] = "{$name}: set " . implode(', ', $added)
            : $journal->kept[] = "{$name}: everything is set";
    }

    /**
     * @return list<string> the variables that were changed
     */
    private function chooseDriver(Application $app, TextFile $file): array
    {
        /** @var list<string> $changed */
        $changed = [];
        $choose = static function (string $line, string $variable, string $driver) use (&$changed): string {
            if (trim($driver, '"\'') === 'clairon') {
                return $line . $driver;
            }

            $changed[] = $variable;

            return $line . 'clairon';
        };
        $file->text = (string) preg_replace_callback(
            self::DRIVER_LINE,
            static fn (array $match): string => $choose($match[1], $match[2], $match[3]),
            $file->text,
            -1,
            $count
        );

        if ($count > 0) {
            return $changed;
        }

        $variable = $this->driverVariable($app);
        $file->append("{$variable}=clairon\n");

        return [$variable];
    }

    /**
     * Laravel 11 renamed it; an application that was upgraded may still read the old name.
     */
    private function driverVariable(Application $app): string
    {
        $config = $app->configPath('broadcasting.php');
        $text = is_file($config) ? (string) file_get_contents($config) : '';

        if (preg_match('/BROADCAST_(?:DRIVER|CONNECTION)/', $text, $match) === 1) {
            return $match[0];
        }

        return version_compare($app->version(), '11', '>=') ? 'BROADCAST_CONNECTION' : 'BROADCAST_DRIVER';
    }

    /**
     * @param array<string, string> $variables
     */
    private function block(TextFile $file, array $variables): string
    {
        $lines = trim($file->text) === '' ? '' : "\n";
        $before = null;

        foreach ($variables as $variable => $value) {
            $isMirror = ! str_starts_with($variable, 'CLAIRON_');

            if ($before !== null && $isMirror !== $before) {
                $lines .= "\n";
            }

            $lines .= "{$variable}={$value}\n";
            $before = $isMirror;
        }

        return $lines;
    }
}
