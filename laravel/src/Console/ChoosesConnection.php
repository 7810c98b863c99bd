<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Console;

use Clairon\Laravel\UnavailableException;
use Illuminate\Contracts\Config\Repository;

/**
 * The option --connection: a connection of config/broadcasting.php. Without it the default one if
 * its driver is "clairon", else "clairon".
 */
trait ChoosesConnection
{
    private function connectionName(): string
    {
        $name = $this->option('connection');

        if (is_string($name) && $name !== '') {
            return $name;
        }

        $default = $this->setting('broadcasting.default');

        return is_string($default) && $this->setting("broadcasting.connections.{$default}.driver") === 'clairon'
            ? $default
            : 'clairon';
    }

    private function setting(string $key): mixed
    {
        /** @var Repository $config */
        $config = $this->laravel->make('config');

        return $config->get($key);
    }

    /**
     * @return array<string, mixed>
     *
     * @throws UnavailableException
     */
    private function connectionConfig(): array
    {
        $name = $this->connectionName();
        $config = $this->setting("broadcasting.connections.{$name}");

        if (! is_array($config) || ($config['driver'] ?? null) !== 'clairon') {
            throw new UnavailableException(
                "config/broadcasting.php has no connection \"{$name}\" with the driver \"clairon\"."
            );
        }

        /** @var array<string, mixed> $config */
        return $config;
    }
}
