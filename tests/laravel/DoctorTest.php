<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Doctor\ExtensionCheck;
use Clairon\Laravel\Doctor\Finding;
use Clairon\Laravel\Doctor\Subject;
use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Program;
use Clairon\Laravel\Tests\Support\Relay;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Notifications\SendQueuedNotifications;
use Illuminate\Routing\RouteCollection;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Event;

/**
 * clairon:doctor beside the real relay: what is right, and each thing that can be wrong.
 */
final class DoctorTest extends TestCase
{
    private const ECHO_JS = <<<'JS'
// window.Echo = new Echo({ key: 'commented' });
window.Echo = new Echo({
    broadcaster: 'reverb',
    key: import.meta.env.VITE_CLAIRON_APP_KEY,
    wsHost: import.meta.env.VITE_CLAIRON_HOST,
    wsPort: import.meta.env.VITE_CLAIRON_PORT ?? 80,
    wssPort: import.meta.env.VITE_CLAIRON_PORT ?? 443,
    forceTLS: (import.meta.env.VITE_CLAIRON_SCHEME ?? 'https') === 'https',
});
JS;

    private static ?Folder $sockets = null;

    private static ?Relay $real = null;

    private bool $loadsChannels = true;

    public static function setUpBeforeClass(): void
    {
        self::$sockets = new Folder();
        self::$real = Relay::start(self::$sockets->path . '/relay.sock');
    }

    public static function tearDownAfterClass(): void
    {
        self::$real = self::$sockets = null;
    }

    protected function setUp(): void
    {
        parent::setUp();
        config([
            'app.url' => 'http://localhost',
            'broadcasting.connections.clairon.dsn' => 'unix:' . self::$sockets?->path . '/relay.sock',
            'broadcasting.connections.clairon.options.host' => '127.0.0.1',
            'broadcasting.connections.clairon.options.port' => self::$real?->port,
            'clairon.relay.port' => self::$real?->port,
        ]);
        $this->write($this->environment());
    }

    private function environment(string $more = ''): string
    {
        $port = self::$real?->port;

        return "VITE_CLAIRON_APP_KEY=key\nVITE_CLAIRON_HOST=127.0.0.1\nVITE_CLAIRON_PORT={$port}\nVITE_CLAIRON_SCHEME=http\n{$more}";
    }

    /**
     * A front end that fits.
     */
    private function write(string $environment, string $echo = self::ECHO_JS, string $built = 'x="key"'): void
    {
        $this->folder->write('.env', $environment);
        $this->folder->write('resources/js/echo.js', $echo);
        $this->folder->write('public/build/assets/app-1.js', $built);
        $this->folder->write('public/build/manifest.json', '{}');
    }

    private function connectAnew(): void
    {
        Broadcast::purge('clairon');

        if ($this->loadsChannels) {
            require "{$this->folder->path}/routes/channels.php";
        }
    }

    /**
     * @param array<string, mixed> $config
     * @param array<string, mixed> $options
     *
     * @return array{int, list<array{level: string, about: string, text: string, advice: string, milliseconds: float|null}>}
     */
    private function doctor(array $config = [], array $options = []): array
    {
        config($config);
        $this->connectAnew();
        $code = Artisan::call('clairon:doctor', $options + ['--json' => true]);
        $output = Artisan::output();
        self::assertStringNotContainsString('"secret"', $output);

        return [$code, json_decode($output, true, flags: JSON_THROW_ON_ERROR)['findings']];
    }

    /**
     * @param list<array{level: string, text: string, advice: string}> $findings
     */
    private static function assertFound(string $level, string $text, string $advice, array $findings): void
    {
        foreach ($findings as $finding) {
            if ($finding['level'] === $level && str_contains($finding['text'], $text) && str_contains($finding['advice'], $advice)) {
                self::assertMatchesRegularExpression('/[.)]\z/', $finding['text'], 'a sentence');

                return;
            }
        }

        self::fail("no {$level} \"{$text}\" with \"{$advice}\" among " . json_encode($findings, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES));
    }

    public function test_a_message_goes_the_whole_way_and_each_hop_has_its_time(): void
    {
        [$code, $findings] = $this->doctor();

        self::assertSame([], array_filter($findings, static fn (array $f) => $f['level'] === 'problem'));
        self::assertSame(0, $code);
        $hops = array_values(array_filter($findings, static fn (array $f) => $f['milliseconds'] !== null));
        self::assertCount(5, $hops);
        self::assertStringContainsString('(/up: ready)', $hops[0]['text']);
        self::assertStringContainsString('connection_established', $hops[1]['text']);
        self::assertStringContainsString('subscribed', $hops[2]['text']);
        self::assertStringContainsString('encoded and written', $hops[3]['text']);
        self::assertStringEndsWith('received', $hops[4]['text']);
        self::assertFound('ok', 'routes/channels.php registered 1 channel.', '', $findings);
        self::assertFound('ok', 'Browsers are authorised at /broadcasting/auth.', '', $findings);
        self::assertFound('ok', 'resources/js/echo.js and its variables say', '', $findings);
    }

    public function test_what_people_see(): void
    {
        $this->connectAnew();
        self::assertSame(0, Artisan::call('clairon:doctor'));
        $output = Artisan::output();

        self::assertMatchesRegularExpression('/^  ok        Extension   clairon \d/m', $output);
        self::assertMatchesRegularExpression('/^  ok        Message     from there .*: received  \d+\.\d\d ms$/m', $output);
        self::assertMatchesRegularExpression('/^No problem.* A message went the whole way\.$/m', $output);
    }

    /**
     * @return iterable<string, array{array<string, mixed>, string, string}>
     */
    private static function wrongSettings(): iterable
    {
        $own = 'broadcasting.connections.clairon.';

        yield 'another default' => [['broadcasting.default' => 'log', 'broadcasting.connections.log.driver' => 'log'], 'whose driver is "log"', '=clairon in .env'];
        yield 'no default' => [['broadcasting.default' => null], 'No default broadcasting connection', '=clairon in .env'];
        yield 'no application' => [["{$own}app_id" => null, "{$own}key" => null, "{$own}secret" => null], 'lacks CLAIRON_APP_ID and', 'clairon:install'];
        yield 'no key' => [["{$own}key" => ''], 'lacks CLAIRON_APP_KEY.', 'one family'];
        yield 'the transport of tests' => [["{$own}transport" => 'array'], 'for tests', 'CLAIRON_TRANSPORT'];
        yield 'a long path' => [["{$own}dsn" => 'unix:/tmp/' . str_repeat('x', 110)], '115 bytes; the system allows 107', 'shorter path'];
        yield 'a dsn that is none' => [["{$own}dsn" => 'carrier:pigeon'], 'The extension refuses', 'broadcasting.connections.clairon'];
        yield 'an option that is none' => [["{$own}publisher.outbox_events" => 'many'], 'The extension refuses', 'config/connection.php'];
        yield 'browsers sent to themselves' => [['app.url' => 'https://shop.example', "{$own}options.host" => 'localhost'], 'their own machine', 'CLAIRON_HOST'];
        yield 'ws in a page of https' => [['app.url' => 'https://shop.example', "{$own}options.host" => 'shop.invalid'], 'browsers block ws://', 'CLAIRON_SCHEME=https'];
        yield 'another key' => [["{$own}key" => 'other'], 'does not know the application key "other" (4001', 'clairon:start'];
        yield 'another secret' => [["{$own}secret" => 'other'], 'refuses our signature', 'another APP_SECRET'];
        yield 'another secret, publishing' => [["{$own}secret" => 'other'], 'refuses this application: WRONGPASS', 'clairon:start'];
        yield 'nobody where events go' => [["{$own}dsn" => 'unix:/nowhere/relay.sock'], 'Nobody answers at unix:/nowhere/relay.sock', 'clairon:start'];
        yield 'no Redis' => [["{$own}dsn" => 'redis+unix:/nowhere/redis.sock'], 'Nobody answers at redis+unix:', 'Start Redis'];
        yield 'TLS that is none' => [["{$own}options.scheme" => 'https'], 'does not speak TLS', 'CLAIRON_SCHEME=http'];
        yield 'no port' => [["{$own}options.port" => 'six'], 'is no address for browsers', 'CLAIRON_PORT'];
        yield 'an unknown choice' => [['clairon.on_failure' => 'weep'], 'clairon.on_failure is "weep"', 'CLAIRON_ON_FAILURE in .env to report or throw or queue'];
        yield 'an unknown moment' => [['clairon.flush' => 'later'], 'clairon.flush is "later"', 'CLAIRON_FLUSH in .env to now or response'];
        yield 'an unknown dispatcher' => [['clairon.dispatcher' => 'quick'], 'clairon.dispatcher is "quick"', 'native or compatible'];
        yield 'a dispatcher that is not in use' => [['clairon.dispatcher' => 'compatible'], 'Laravel\'s own dispatcher is in use', 'extension'];
    }

    public function test_each_wrong_setting_is_found(): void
    {
        $right = config()->all();

        // In one application: making one costs more than all of these.
        foreach (self::wrongSettings() as $name => [$config, $text, $advice]) {
            [$code, $findings] = $this->doctor($config);
            config($right);

            self::assertFound('problem', $text, $advice, $findings);
            self::assertSame(1, $code, $name);
        }
    }

    public function test_a_proxy_that_is_away_is_told_from_a_relay_that_is_away(): void
    {
        [, $findings] = $this->doctor(['broadcasting.connections.clairon.dsn' => 'unix:/nowhere/relay.sock']);
        self::assertFound('skipped', 'nobody would take it, see "Publishing".', '', $findings);
        config(['broadcasting.connections.clairon.dsn' => 'unix:' . self::$sockets?->path . '/relay.sock']);

        [, $findings] = $this->doctor(['broadcasting.connections.clairon.options.port' => '1']);
        self::assertFound('problem', 'Nobody answers at ws://127.0.0.1:1', 'the proxy before it', $findings);
        self::assertFound('note', 'The relay itself answers at 127.0.0.1:' . self::$real?->port, 'CLAIRON_HOST', $findings);
        self::assertFound('ok', 'received', '', array_map(static fn (array $f) => ['text' => $f['text'] . '.'] + $f, $findings));

        [$code, $findings] = $this->doctor(['clairon.relay.port' => '1']);
        self::assertFound('problem', 'Nobody answers at ws://127.0.0.1:1', 'clairon:start', $findings);
        self::assertSame(1, $code);
    }

    public function test_another_server_at_the_relays_address_is_told(): void
    {
        $server = Program::start([PHP_BINARY, '-n', '-S', '127.0.0.1:0', '-t', $this->folder->path]);
        $port = $server->waitFor('/127\.0\.0\.1:([1-9]\d*)/')[1];
        [, $findings] = $this->doctor(['broadcasting.connections.clairon.options.port' => $port]);

        self::assertFound('problem', 'instead of a WebSocket', 'Upgrade', $findings);

        $this->folder->write('proxy.php', '<?php http_response_code(502);');
        $server = Program::start([PHP_BINARY, '-n', '-S', '127.0.0.1:0', "{$this->folder->path}/proxy.php"]);
        $port = $server->waitFor('/127\.0\.0\.1:([1-9]\d*)/')[1];
        [, $findings] = $this->doctor(['broadcasting.connections.clairon.options.port' => $port]);
        self::assertFound('problem', '502', 'finds no relay behind it', $findings);
    }

    public function test_events_that_go_elsewhere_than_browsers_are_told(): void
    {
        // The recording relay of the other tests takes the event, browsers are at the real one.
        [$code, $findings] = $this->doctor(
            ['broadcasting.connections.clairon.dsn' => $this->relay->dsn()],
            ['--timeout' => '1.5']
        );

        self::assertFound('problem', 'was published but did not arrive', 'Compare CLAIRON_DSN', $findings);
        self::assertSame(1, $code);
    }

    public function test_tls(): void
    {
        $key = openssl_pkey_new(['private_key_bits' => 2048]);
        $csr = openssl_csr_new(['commonName' => 'localhost'], $key);
        openssl_x509_export(openssl_csr_sign($csr, null, $key, 2), $certificate);
        openssl_pkey_export($key, $private);
        $relay = Relay::start("{$this->folder->path}/tls.sock", [
            '--listen-tls', '127.0.0.1:0',
            '--tls-certificate', $this->folder->write('tls.pem', $certificate),
            '--tls-key', $this->folder->write('tls.key', $private),
        ]);
        preg_match_all('/127\.0\.0\.1:([1-9]\d*)/', $relay->program->output(), $ports);
        [, $findings] = $this->doctor([
            'broadcasting.connections.clairon.dsn' => "unix:{$this->folder->path}/tls.sock",
            'broadcasting.connections.clairon.options' => ['scheme' => 'https', 'host' => 'localhost', 'port' => max($ports[1]) === (string) $relay->port ? min($ports[1]) : max($ports[1])],
        ]);

        self::assertFound('note', 'does not trust the certificate of localhost', 'whole chain', $findings);
        self::assertFound('ok', 'received', '', array_map(static fn (array $f) => ['text' => $f['text'] . '.'] + $f, $findings));
    }

    public function test_a_manager_of_another_package_is_named(): void
    {
        $this->app->instance(BroadcastManager::class, new BroadcastManager($this->app));
        [$code, $findings] = $this->doctor();

        self::assertFound('problem', BroadcastManager::class . ' took the place', 'InlineBroadcastManager::wrap', $findings);
        self::assertSame(1, $code);
    }

    public function test_the_front_end(): void
    {
        $this->write(str_replace('VITE_CLAIRON_APP_KEY=key', 'VITE_CLAIRON_APP_KEY=old', $this->environment()));
        self::assertFound('problem', 'VITE_CLAIRON_APP_KEY is "old"', 'npm run build', $this->doctor()[1]);

        $this->write("VITE_CLAIRON_APP_KEY=key\n");
        $findings = $this->doctor()[1];
        self::assertFound('problem', 'reads VITE_CLAIRON_HOST, which .env does not set', 'VITE_CLAIRON_HOST="${CLAIRON_HOST}"', $findings);
        self::assertFound('problem', 'VITE_CLAIRON_PORT is "80"', 'equal in .env', $findings);
        self::assertFound('problem', 'VITE_CLAIRON_SCHEME asks for https', 'equal', $findings);

        $this->write($this->environment(), str_replace('reverb', 'socket.io', self::ECHO_JS));
        self::assertFound('problem', 'the broadcaster "socket.io"', "'reverb'", $this->doctor()[1]);

        $this->write($this->environment(), "configureEcho({\n    broadcaster: 'reverb',\n});");
        self::assertFound('problem', 'reads VITE_REVERB_APP_KEY', 'VITE_REVERB_APP_KEY="${REVERB_APP_KEY}"', $this->doctor()[1]);

        $this->write($this->environment(), "new Echo({\n    broadcaster: 'pusher',\n    key: 'written',\n    wsHost: window.location.hostname,\n    wsPort: 1,\n    forceTLS: true,\n});");
        $findings = $this->doctor()[1];
        self::assertFound('problem', 'has key "written"', 'equal', $findings);
        self::assertFound('problem', 'has port "1"', 'equal', $findings);
        self::assertFound('problem', 'has forceTLS: true', 'equal', $findings);

        $this->write($this->environment(), "new Echo({\n    broadcaster: 'reverb',\n    key: setting('x') || import.meta.env.VITE_NONE,\n    wsHost: host,\n    wsPort: port,\n    forceTLS,\n});");
        self::assertFound('skipped', 'computes its settings in the browser', '', $this->doctor()[1]);
    }

    public function test_what_was_built(): void
    {
        $this->write($this->environment(), built: 'x="another"');
        self::assertFound('problem', 'No script in public/build contains the application\'s key', 'npm run build', $this->doctor()[1]);

        $this->write($this->environment());
        touch("{$this->folder->path}/public/build/manifest.json", time() - 100);
        self::assertFound('note', 'public/build are older than .env', 'npm run build', $this->doctor()[1]);

        $this->folder->write('public/hot', 'http://localhost:5173');
        self::assertFound('note', 'development server', 'Restart', $this->doctor()[1]);
    }

    public function test_queues_that_surprise_are_noted(): void
    {
        Event::listen('something', SendQueuedNotifications::class . '@handle');
        [$code, $findings] = $this->doctor();

        // Laravel 8 keeps closures of which nothing can be told.
        if (method_exists(Event::getFacadeRoot(), 'getRawListeners')) {
            self::assertFound('note', 'may run before the open transaction is committed', 'queue:work', $findings);
        }

        self::assertSame(0, $code);
        $findings = $this->doctor(['clairon.after_commit' => false, 'queue.connections.database.after_commit' => true])[1];
        self::assertFound('note', 'commit, broadcasts do not', 'config/queue.php', $findings);
    }

    public function test_type_hints_are_found_with_file_and_line(): void
    {
        $this->folder->write('app/Listens.php', <<<'CODE'
<?php
namespace App;
use Illuminate\Events\{Dispatcher as Events};
class Listens
{
    private Events $events;
    // Events $commented, \Illuminate\Events\Dispatcher $too
    public function one(?Events $events): void {}
    public function two(\Illuminate\Events\Dispatcher|null $events): \Illuminate\Contracts\Events\Dispatcher {}
    public function three(): ?Events { return app(Events::class); }
    public function four($x) { return $x instanceof Events ? 'Events $x' : Events::class; }
    public function fine(\Illuminate\Contracts\Events\Dispatcher $events) { return $events ? new Events() : 0; }
}
CODE);
        [$code, $findings] = $this->doctor([], ['--hints' => true]);
        self::assertFound('note', 'app/Listens.php:6, app/Listens.php:8, app/Listens.php:9, app/Listens.php:10, app/Listens.php:11.', 'compatible', $findings);
        self::assertSame(0, $code);

        [$code, $findings] = $this->doctor(['clairon.dispatcher' => 'native']);
        self::assertFound('problem', 'app/Listens.php:6', 'CLAIRON_DISPATCHER=compatible', $findings);
        self::assertSame(1, $code);
    }

    public function test_the_spool(): void
    {
        self::assertFound('problem', 'There is no folder /nowhere', 'mkdir -p /nowhere', $this->doctor(['broadcasting.connections.clairon.publisher.spool' => '/nowhere/spool'])[1]);

        $path = $this->folder->write('storage/framework/other.spool', 'this is something else');
        self::assertFound('problem', 'is no spool of this version', 'Move it away', $this->doctor(['broadcasting.connections.clairon.publisher.spool' => $path])[1]);

        if (posix_geteuid() === 0) {
            (new \Clairon\Publisher('unix:/nowhere', ['app' => 'app', 'key' => 'k', 'secret' => 's', 'spool' => $path = "{$this->folder->path}/storage/framework/own.spool"]))->trigger('x', 'x', 1);
            chown($path, 1);
            self::assertFound('note', "{$path} belongs to ", 'chown root', $this->doctor(['broadcasting.connections.clairon.publisher.spool' => $path])[1]);
        }

        $path = "{$this->folder->path}/storage/framework/link.spool";
        symlink('/nowhere', $path);
        self::assertFound('problem', 'is a link', 'Remove it', $this->doctor(['broadcasting.connections.clairon.publisher.spool' => $path])[1]);
    }

    public function test_the_extension(): void
    {
        $subject = new Subject($this->app, 'clairon', []);
        $find = static fn (?string $version, ?string $fpm): array => array_map(
            static fn (Finding $f) => (array) $f,
            iterator_to_array((new ExtensionCheck($version, $fpm))->findings($subject), false)
        );

        self::assertFound('problem', '"clairon" is not loaded in PHP', 'pecl install clairon', $find(null, null));
        $this->folder->write('fpm/10-opcache.ini', "zend_extension=opcache.so\n; extension=clairon\n");
        self::assertFound('note', 'php-fpm has settings of its own', 'phpenmod', $find('1.2.3', "{$this->folder->path}/fpm"));
        $this->folder->write('fpm/20-clairon.ini', "extension=clairon.so\n");
        self::assertCount(1, $find('1.2.3', "{$this->folder->path}/fpm"));
    }

    public function test_a_cached_configuration_that_is_old_is_told(): void
    {
        $folder = AppFolder::make(['.env' => "APP_ENV=testing\n"]);
        $cache = Program::artisan($folder, ['config:cache']);
        self::assertSame(0, $cache->waitForEnd(), $cache->output());
        $path = "{$folder->path}/bootstrap/cache/config.php";
        touch($path, time() - 100);
        $doctor = Program::artisan($folder, ['clairon:doctor']);

        self::assertSame(1, $doctor->waitForEnd());
        self::assertStringContainsString('The cached configuration is older than .env', $doctor->output());
        self::assertStringContainsString('php artisan config:cache', $doctor->output());
        self::assertStringContainsString('Start the relay with "php artisan clairon:start"', $doctor->output(), 'it works while the relay is away');
    }

    public function test_channels_that_are_not_loaded_are_told(): void
    {
        $this->loadsChannels = false;
        $this->app->make('router')->setRoutes(new RouteCollection());
        [, $findings] = $this->doctor();

        self::assertFound('problem', 'Laravel does not load it', 'clairon:install', $findings);
        self::assertFound('note', 'There is no route /broadcasting/auth', 'clairon:install', $findings);
    }

    public function test_options_that_are_none(): void
    {
        self::assertSame(1, Artisan::call('clairon:doctor', ['--timeout' => 'soon']));
        self::assertStringContainsString('--timeout takes seconds', Artisan::output());
        [$code, $findings] = $this->doctor([], ['--connection' => 'pusher']);
        self::assertFound('problem', 'no connection "pusher"', '--connection', $findings);
        self::assertSame(1, $code);
    }
}
