<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Dotenv\Dotenv;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Foundation\Application;
use Throwable;

/**
 * What is examined: an application and one of its broadcasting connections.
 */
final class Subject
{
    /** @var array<string, string>|null */
    private ?array $environment = null;

    /**
     * @param array<string, mixed> $config of the connection
     */
    public function __construct(
        public readonly Application $app,
        public readonly string $name,
        #[\SensitiveParameter] public readonly array $config
    ) {
    }

    /**
     * The connection's own setting as text, "options.host" and so on; empty if it is not set.
     */
    public function own(string $key): string
    {
        $value = $this->config;

        foreach (explode('.', $key) as $part) {
            $value = is_array($value) ? $value[$part] ?? null : null;
        }

        return is_scalar($value) ? (string) $value : '';
    }

    /**
     * A setting of the application.
     */
    public function setting(string $key): mixed
    {
        /** @var Repository $config */
        $config = $this->app->make('config');

        return $config->get($key);
    }

    public function text(string $key): string
    {
        $value = $this->setting($key);

        return is_scalar($value) ? (string) $value : '';
    }

    /**
     * A variable as the build of the front end sees it: the process's own, else .env's.
     */
    public function variable(string $name): ?string
    {
        $own = getenv($name);

        return $own !== false ? $own : ($this->dotenv()[$name] ?? null);
    }

    public function relative(string $path): string
    {
        $base = $this->app->basePath() . '/';

        return str_starts_with($path, $base) ? substr($path, strlen($base)) : $path;
    }

    /**
     * @return array<string, string>
     */
    private function dotenv(): array
    {
        if ($this->environment === null) {
            try {
                $file = Dotenv::createArrayBacked($this->app->environmentPath(), $this->app->environmentFile())->safeLoad();
            } catch (Throwable) {
                // Laravel itself does not start with such a file.
                $file = [];
            }

            $this->environment = array_filter($file, static fn (?string $value): bool => $value !== null);
        }

        return $this->environment;
    }
}
