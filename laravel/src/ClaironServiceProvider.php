<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Contracts\Config\Repository;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Contracts\Foundation\CachesConfiguration;
use Illuminate\Foundation\Console\AboutCommand;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\ServiceProvider;

/**
 * Registers the driver "clairon", the manager that broadcasts in this process, and the commands.
 * Opens nothing and needs no extension: an application whose relay is away boots as usual.
 */
final class ClaironServiceProvider extends ServiceProvider
{
    private const CONNECTION = __DIR__ . '/../config/connection.php';

    private const CONFIG = __DIR__ . '/../config/clairon.php';

    public function register(): void
    {
        $this->mergeDefaults(self::CONNECTION, 'broadcasting.connections.clairon');
        $this->mergeDefaults(self::CONFIG, 'clairon');

        Events\Installer::install($this->app, $this->config()->get('clairon.dispatcher'));

        $this->app->singleton(Testing\Recorder::class);
        $this->app->singleton(Flushing::class);
        $this->app->singleton(Commits::class);

        // extend() and not singleton(): Laravel's provider of the manager is deferred and would bind
        // its own over ours when it is loaded.
        $this->app->extend(
            BroadcastManager::class,
            static fn (BroadcastManager $manager) => InlineBroadcastManager::wrap($manager)
        );
        Facade::clearResolvedInstance(Factory::class);

        // Laravel 13 rebinds such closures to the manager: nothing of this class in them.
        $this->callAfterResolving(BroadcastManager::class, static function (BroadcastManager $manager): void {
            $manager->extend('clairon', static fn (Container $app, array $config) => ClaironBroadcaster::make($app, $config));
        });
    }

    public function boot(): void
    {
        $this->app->make(Commits::class)->listenTo($this->app->make(Dispatcher::class));

        if (! $this->app->runningInConsole()) {
            return;
        }

        $this->publishes([self::CONFIG => $this->app->configPath('clairon.php')], ['clairon', 'clairon-config']);
        $this->commands([
            Console\DoctorCommand::class,
            Console\FlushCommand::class,
            Console\InstallCommand::class,
            Console\StartCommand::class,
            Console\WatchCommand::class,
        ]);

        // Laravel 9.21 and later.
        if (class_exists(AboutCommand::class)) {
            $app = $this->app;
            AboutCommand::add('Clairon', static fn () => (new About($app))->lines());
        }
    }

    /**
     * What the application says stands over the package's defaults, also in nested lists.
     */
    private function mergeDefaults(string $path, string $key): void
    {
        if ($this->app instanceof CachesConfiguration && $this->app->configurationIsCached()) {
            return;
        }

        /** @var array<string, mixed> $defaults */
        $defaults = require $path;
        $config = $this->config();
        $config->set($key, array_replace_recursive($defaults, (array) $config->get($key, [])));
    }

    private function config(): Repository
    {
        /** @var Repository $config */
        $config = $this->app->make('config');

        return $config;
    }
}
