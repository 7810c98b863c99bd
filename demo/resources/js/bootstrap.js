import './http';
import './echo';
