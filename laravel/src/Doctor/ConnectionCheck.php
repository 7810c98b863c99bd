<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\Connection;
use Clairon\Laravel\Dsn;
use Clairon\Laravel\UnavailableException;
use ValueError;

/**
 * config/broadcasting.php and .env: which connection, which application, where to.
 */
final class ConnectionCheck implements Check
{
    private const ABOUT = 'Settings';

    // The longest path that a Unix socket's address holds.
    private const SOCKET_PATH_MAX = 107;

    private const CHOICES = [
        'on_failure' => ['report', 'throw', 'queue'],
        'fidelity' => ['memory', 'serialize'],
        'flush' => ['now', 'response'],
    ];

    public function findings(Subject $subject): iterable
    {
        yield from $this->cache($subject);
        yield $this->default($subject);
        yield $this->application($subject);
        yield from $this->choices($subject);
        yield from $this->transport($subject);
        yield from $this->dsn($subject);
        yield from $this->address($subject);
    }

    /**
     * @return iterable<Finding>
     */
    private function cache(Subject $subject): iterable
    {
        if (! $subject->app->configurationIsCached()) {
            return;
        }

        $cached = (int) @filemtime($subject->app->getCachedConfigPath());
        $newer = [];

        foreach ([$subject->app->environmentFilePath(), ...(glob($subject->app->configPath('*.php')) ?: [])] as $file) {
            if ((int) @filemtime($file) > $cached) {
                $newer[] = $subject->relative($file);
            }
        }

        yield $newer === []
            ? Finding::ok(self::ABOUT, 'The configuration is cached and as new as .env and config/.')
            : Finding::problem(
                self::ABOUT,
                'The cached configuration is older than ' . implode(', ', array_slice($newer, 0, 3)) . ': what you changed does not count yet.',
                'Run "php artisan config:cache" and restart php-fpm, workers and the relay.'
            );
    }

    private function default(Subject $subject): Finding
    {
        $default = $subject->text('broadcasting.default');
        $driver = $default === '' ? 'null' : $subject->text("broadcasting.connections.{$default}.driver");

        if ($driver === 'clairon') {
            return Finding::ok(self::ABOUT, "Events go to the connection \"{$default}\" by default; its driver is clairon.");
        }

        return Finding::problem(
            self::ABOUT,
            $default === ''
                ? 'No default broadcasting connection is set: events go nowhere.'
                : "Events go to the connection \"{$default}\" by default, whose driver is \"{$driver}\".",
            "Set {$this->variable($subject)}={$subject->name} in .env."
        );
    }

    /**
     * Laravel 11 renamed it; config/broadcasting.php says which one is read.
     */
    private function variable(Subject $subject): string
    {
        $text = (string) @file_get_contents($subject->app->configPath('broadcasting.php'));

        return preg_match('/BROADCAST_(?:DRIVER|CONNECTION)/', $text, $match) === 1
            ? $match[0]
            : (version_compare($subject->app->version(), '11', '>=') ? 'BROADCAST_CONNECTION' : 'BROADCAST_DRIVER');
    }

    private function application(Subject $subject): Finding
    {
        $missing = array_filter(['app_id', 'key', 'secret'], static fn (string $key): bool => $subject->own($key) === '');
        $family = $subject->own('family') ?: 'CLAIRON';

        if ($missing === []) {
            return Finding::ok(
                self::ABOUT,
                "Application {$subject->own('app_id')}" . ($subject->own('family') === '' ? '' : ", from {$family}_APP_ID, {$family}_APP_KEY and {$family}_APP_SECRET")
            );
        }

        $variables = array_map(
            static fn (string $key): string => $family . '_' . ['app_id' => 'APP_ID', 'key' => 'APP_KEY', 'secret' => 'APP_SECRET'][$key],
            array_values($missing)
        );

        return Finding::problem(
            self::ABOUT,
            'The application lacks ' . implode(' and ', $variables) . '.',
            count($missing) === 3 ? 'Run "php artisan clairon:install".' : 'Set it in .env: id, key and secret come from one family of variables.'
        );
    }

    /**
     * @return iterable<Finding>
     */
    private function choices(Subject $subject): iterable
    {
        foreach (self::CHOICES as $name => $words) {
            $value = $subject->text("clairon.{$name}");

            if ($value !== '' && ! in_array($value, $words, true)) {
                yield Finding::problem(
                    self::ABOUT,
                    "clairon.{$name} is \"{$value}\", which is unknown.",
                    'Set CLAIRON_' . strtoupper($name) . ' in .env to ' . implode(' or ', $words) . '.'
                );
            }
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function transport(Subject $subject): iterable
    {
        if ($subject->own('transport') !== '') {
            yield Finding::problem(
                self::ABOUT,
                "The transport is \"{$subject->own('transport')}\", which is for tests: nothing is sent.",
                'Remove CLAIRON_TRANSPORT from .env.'
            );
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function dsn(Subject $subject): iterable
    {
        $dsn = new Dsn($subject->own('dsn'));
        $path = $dsn->isUnix() ? substr($dsn->address(), strlen('unix://')) : '';

        if (strlen($path) > self::SOCKET_PATH_MAX) {
            yield Finding::problem(
                self::ABOUT,
                'The path of the socket has ' . strlen($path) . ' bytes; the system allows ' . self::SOCKET_PATH_MAX . '.',
                'Set CLAIRON_DSN in .env to a shorter path, for example unix:/run/clairon/relay.sock.'
            );

            return;
        }

        if (! class_exists(\Clairon\Publisher::class, false) || $subject->own('app_id') === '' || $subject->own('transport') !== '') {
            return;
        }

        try {
            (new Connection($subject->config))->publisher();
        } catch (UnavailableException | ValueError $e) {
            yield Finding::problem(
                self::ABOUT,
                "The extension refuses the connection's settings: " . rtrim($e->getMessage(), '.') . '.',
                "Correct broadcasting.connections.{$subject->name}; vendor/clairon/laravel/config/connection.php explains each setting."
            );
        }
    }

    /**
     * What browsers are told, beside where the pages come from.
     *
     * @return iterable<Finding>
     */
    private function address(Subject $subject): iterable
    {
        $page = parse_url($subject->text('app.url'));
        $pageHost = is_array($page) ? $page['host'] ?? '' : '';
        $host = $subject->own('options.host');
        $isLocal = static fn (string $name): bool => preg_match('/\A(?:localhost|127\..*|\[?::1\]?|)\z/', $name) === 1;

        if (! is_array($page) || $isLocal($pageHost)) {
            return;
        }

        if ($isLocal($host)) {
            yield Finding::problem(
                self::ABOUT,
                "Pages come from {$pageHost} (APP_URL), but browsers are sent to \"{$host}\", which is their own machine.",
                'Set CLAIRON_HOST in .env to a name of this server, then run "npm run build".'
            );
        } elseif (($page['scheme'] ?? '') === 'https' && $subject->own('options.scheme') !== 'https') {
            yield Finding::problem(
                self::ABOUT,
                'Pages come by https (APP_URL), but CLAIRON_SCHEME is not https: browsers block ws:// in such pages.',
                'Set CLAIRON_SCHEME=https and CLAIRON_PORT=443 (or the port of TLS) in .env, then run "npm run build".'
            );
        }
    }
}
